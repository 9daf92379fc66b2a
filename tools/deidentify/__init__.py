"""Identifiers of people taken out of a text before it leaves the machine, and put back into the answer."""

from yingzhi.tools.deidentify.masker import Masker
from yingzhi.tools.deidentify.recognise import find_identifiers
from yingzhi.tools.deidentify.spans import Kind, Span

__all__ = ["Kind", "Masker", "Span", "find_identifiers"]

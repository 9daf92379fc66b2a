"""Severity scores: their definitions, and the computation of one from its items."""

from yingzhi.tools.scores.catalogue import SCORES
from yingzhi.tools.scores.compute import compute
from yingzhi.tools.scores.schema import input_schema

__all__ = ["SCORES", "compute", "input_schema"]

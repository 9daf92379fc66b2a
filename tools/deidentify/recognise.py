"""All recognisers over one text."""

from __future__ import annotations

from yingzhi.tools.deidentify.contacts import find_contacts
from yingzhi.tools.deidentify.ids import find_ids
from yingzhi.tools.deidentify.names_en import find_english_names
from yingzhi.tools.deidentify.names_zh import find_chinese_names
from yingzhi.tools.deidentify.places_en import find_english_places
from yingzhi.tools.deidentify.places_zh import find_chinese_places
from yingzhi.tools.deidentify.spans import Span, join_spans

RECOGNISERS = (find_ids, find_contacts, find_chinese_names, find_english_names, find_chinese_places, find_english_places)


def find_identifiers(folded: str) -> list[Span]:
    """Identifiers of a folded text in order, none overlapping; dates are not among them."""
    return join_spans(span for recogniser in RECOGNISERS for span in recogniser(folded) if span.end > span.start)

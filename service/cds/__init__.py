"""CDS Hooks 2.0: cards from red flags and the drug check, at the moments a clinical system calls for them (docs/cds-hooks.md)."""

from yingzhi.service.cds.cards import cards_for
from yingzhi.service.cds.feedback import SCHEMA, tally
from yingzhi.service.cds.router import router
from yingzhi.service.cds.wire import Card, CdsRequest, CdsResponse

__all__ = ["SCHEMA", "Card", "CdsRequest", "CdsResponse", "cards_for", "router", "tally"]

"""The team, in the order in which the graph asks them."""

from yingzhi.agents.differential import DIFFERENTIAL
from yingzhi.agents.documentation import DOCUMENTATION
from yingzhi.agents.history import HISTORY
from yingzhi.agents.pharmacology import PHARMACOLOGY
from yingzhi.agents.workup import WORKUP

TEAM = (HISTORY, DIFFERENTIAL, WORKUP, PHARMACOLOGY, DOCUMENTATION)

__all__ = ["DIFFERENTIAL", "DOCUMENTATION", "HISTORY", "PHARMACOLOGY", "TEAM", "WORKUP"]

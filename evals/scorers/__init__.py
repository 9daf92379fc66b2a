"""One file a subject; a scorer is a frozen dataclass that reads a gold case and a trace."""

from yingzhi.evals.score import Scorer
from yingzhi.evals.scorers.cost import Cost, Degraded, DroppedProposals
from yingzhi.evals.scorers.diagnosis import Brier, DiagnosisRank, Matrix, MustNotMiss
from yingzhi.evals.scorers.documents import Completeness, Traced
from yingzhi.evals.scorers.findings import Findings
from yingzhi.evals.scorers.grounding import Citations, CitationSupport, Groundedness
from yingzhi.evals.scorers.handoffs import Handoffs
from yingzhi.evals.scorers.safety import AlertPrecision, AlertRecall, Care, CriticalAlerts, ForbiddenDrugs
from yingzhi.evals.scorers.trajectory import TrajectoryMatch
from yingzhi.evals.scorers.workup import FirstTests, Gates, WorkupOrder, WorkupPrice
from yingzhi.tools.lexicon import Lexicon


def standard(lexicon: Lexicon | None = None) -> tuple[Scorer, ...]:
    """All scorers that need no model: the gates first, then what should be better, then what is only reported.

    Args:
        lexicon: For the support of citations; without one that is unscored, which will do where only names and kinds are wanted.
    """
    return (
        MustNotMiss(),
        Gates(),
        ForbiddenDrugs(),
        CriticalAlerts(),
        Citations(),
        Traced(),
        DiagnosisRank(1),
        DiagnosisRank(3),
        DiagnosisRank(5),
        Brier(),
        Findings(),
        Matrix(),
        FirstTests(),
        WorkupOrder(),
        WorkupPrice(),
        AlertRecall(),
        AlertPrecision(),
        Care(),
        TrajectoryMatch(),
        Groundedness(),
        CitationSupport(lexicon),
        Completeness(),
        Handoffs(),
        Degraded(),
        DroppedProposals(),
        Cost("seconds"),
        Cost("model-calls"),
        Cost("tokens"),
        Cost("model-cost"),
    )


__all__ = [
    "AlertPrecision",
    "AlertRecall",
    "Brier",
    "Care",
    "CitationSupport",
    "Citations",
    "Completeness",
    "Cost",
    "CriticalAlerts",
    "Degraded",
    "DiagnosisRank",
    "DroppedProposals",
    "Findings",
    "FirstTests",
    "ForbiddenDrugs",
    "Gates",
    "Groundedness",
    "Handoffs",
    "Matrix",
    "MustNotMiss",
    "Traced",
    "TrajectoryMatch",
    "WorkupOrder",
    "WorkupPrice",
    "standard",
]

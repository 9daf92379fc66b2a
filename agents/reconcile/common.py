"""What all reconciling shares: which words of a model may be shown, which citations hold, what counts as the playbook's own."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from yingzhi.agents.proposals import RemarkForm
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.citation import Citation
from yingzhi.clinical.history import History
from yingzhi.clinical.remark import Dropped, Remark
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.workup import Workup
from yingzhi.tools.entailment import supports
from yingzhi.tools.untrusted import plain_answer
from yingzhi.tools.wording import lower_alarm, order_in

MODEL = "model"
"""What `derived_from` of a finding and `kind` of an alert say when a model is all they rest on."""
ID = re.compile(r"(?=.{1,80}\Z)(?!.*\d{5})[a-z][a-z0-9]*(?:[-#][a-z0-9]+)*")
"""What an id that nobody knows may look like: a name, a date, an address, a telephone or record number does not."""
MOST_REMARKS = 12


@dataclass(slots=True)
class Ground:
    """What a proposal is held against, and what became of it."""

    specialist: str
    by: str
    """Name of the model."""
    resources: Resources
    shelf: dict[str, Citation]
    """What was retrieved in this run."""
    dropped: list[Dropped] = field(default_factory=list)
    taken: int = 0

    def drop(self, what: str, given: str, why: str) -> None:
        """Note that something was not taken; an id is shown only if it is one or looks like one, so that no patient text gets through."""
        shown = given if given in self.shelf or ID.fullmatch(given) else ""
        self.dropped.append(Dropped(what=f"{what} {shown}".strip(), why=why))


def wording(text: str, ground: Ground, what: str, about: str = "", *, limit: int = 600) -> str:
    """A model's sentence as it may be shown; empty, and noted, if it may not."""
    plain = plain_answer(text, limit).strip()
    if not plain:
        ground.drop(what, about, "no words")
        return ""
    if order_in(plain):
        ground.drop(what, about, "order")
        return ""
    if lower_alarm(plain):
        ground.drop(what, about, "plays an alarm down")
        return ""
    return plain


def remarks(forms: Iterable[RemarkForm], ground: Ground, known: Container[str]) -> list[Remark]:
    """The remarks that may be shown, each with the citations that hold."""
    kept: list[Remark] = []
    for form in forms:
        text = wording(form.text, ground, "remark", form.about)
        if not text or text in {r.text for r in kept}:
            continue
        if len(kept) == MOST_REMARKS:
            ground.drop("remark", form.about, "too many")
            break
        about = form.about if form.about in known else ""
        if form.about and not about:
            ground.drop("about", form.about, "unknown id")
        kept.append(
            Remark(
                specialist=ground.specialist,
                about=about,
                stance=form.stance,
                text=text,
                citations=citations(text, form.citations, ground),
                by=ground.by,
            )
        )
        ground.taken += 1
    return kept


def citations(claim: str, ids: Iterable[str], ground: Ground) -> list[str]:
    """The ids that were retrieved and whose passage bears the claim out."""
    held = []
    for i in dict.fromkeys(ids):
        record = ground.shelf.get(i)
        if record is None:
            ground.drop("citation", i, "not retrieved")
        elif not supports(claim, f"{record.title}. {record.passage}", ground.resources.lexicon):
            ground.drop("citation", i, "not borne out by the passage")
        else:
            held.append(i)
    return held


def trusted(history: History) -> History:
    """The history without what rests on a model alone, the same object if nothing does. Gates, alerts, drug verdicts and drafts use it."""
    if not any(f.derived_from == MODEL for f in history.findings) and not any(a.kind == MODEL for a in history.red_flags):
        return history
    return history.model_copy(
        update={
            "findings": [f for f in history.findings if f.derived_from != MODEL],
            "red_flags": [a for a in history.red_flags if a.kind != MODEL],
        }
    )


def trusted_workup(workup: Workup) -> Workup:
    """The ladder without the tests that a model alone proposed; the same object if there are none."""
    if not any(t.derived_from == MODEL for r in workup.rungs for t in r.tests):
        return workup
    rungs = [r.model_copy(update={"tests": [t for t in r.tests if t.derived_from != MODEL]}) for r in workup.rungs]
    price = sum(t.price for r in rungs for t in r.tests if t.status == "recommended")
    return workup.model_copy(update={"rungs": rungs, "price_now": round(price, 1)})


def trusted_treatment(review: TreatmentReview, base: TreatmentReview | None = None) -> TreatmentReview:
    """The review without the notices of a model; `base`, the playbook's own, if the rules had no further drug to check."""
    alerts = [a for a in review.alerts if a.kind != MODEL]
    if base is not None and (len(alerts), len(review.not_checked)) == (len(base.alerts), len(base.not_checked)):
        return base
    return review if len(alerts) == len(review.alerts) else review.model_copy(update={"alerts": alerts})

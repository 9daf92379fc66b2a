"""Judges what the patient takes, and every treatment option of the leading diagnoses against this patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yingzhi.clinical.acknowledgement import Acknowledgement
from yingzhi.clinical.alert import ALERT_LEVELS
from yingzhi.clinical.differential import Diagnosis, Differential
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.knowledge.models import Disease
from yingzhi.tools.contraindications import read_regimen, review_regimen
from yingzhi.tools.differential import LIVE
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.pack_fit import person
from yingzhi.tools.pack_labs import from_results
from yingzhi.tools.red_flags import text
from yingzhi.tools.treatment_alerts import culprits, problem_alerts, reviewed, unchecked
from yingzhi.tools.treatment_choices import choices_of
from yingzhi.tools.treatment_options import Case, Shelf, options_of
from yingzhi.tools.treatment_packs import packs_for, stop_alerts
from yingzhi.tools.treatment_patient import drug_patient

LIKELY = 0.2
"""Options are judged for diagnoses at least this likely, three at most."""
NOTHING = Shelf()
TUMOUR = frozenset({"malignant-tumour", "melanocytic"})


def review_treatment(
    history: History,
    differential: Differential,
    diseases: Mapping[str, Disease],
    formulary: Formulary,
    shelf: Shelf = NOTHING,
    case: Presentation | None = None,
    acknowledged: Sequence[Acknowledgement] = (),
) -> TreatmentReview:
    """Check current drugs together, then each option with them in this patient, and fit the packs of both.

    Nothing is ordered: an option that no rule speaks against is shown as one that may be weighed.

    Args:
        history: The record as it was read.
        differential: The diagnoses.
        diseases: Records of the diagnoses.
        formulary: The formulary.
        shelf: Packs, rules on measures, sources, the day.
        case: The case itself, for what drug rules ask for and no finding holds.
        acknowledged: Problems that a clinician has seen before; quiet until they change.
    """
    patient = drug_patient(history, formulary, case)
    regimen = read_regimen([], [], patient, formulary)
    current = review_regimen(regimen, formulary)
    leading = _leading(differential)
    tissue_first = _live_tumour(differential, history, diseases)
    facts = Case(patient, person(patient, formulary, regimen.state), from_results(history.labs), regimen)
    options = [o for d in leading for o in options_of(d, diseases[d.id], facts, formulary, shelf, tissue_first)]
    packs = packs_for(history, options, facts, formulary, shelf)
    problems = reviewed(current.problems, regimen, acknowledged, formulary)
    warned = [*stop_alerts(packs), *problem_alerts(problems, formulary)]
    return TreatmentReview(
        current=current,
        problems=problems,
        options=options,
        choices=choices_of(options),
        packs=packs,
        avoid=[text(a) for d in leading for a in diseases[d.id].avoid],
        alerts=[*culprits(leading, diseases, patient, formulary), *sorted(warned, key=lambda a: ALERT_LEVELS.index(a.level))],
        not_checked=unchecked(current, formulary),
    )


def judged_drugs(history: History, differential: Differential, diseases: Mapping[str, Disease], formulary: Formulary) -> list[str]:
    """Ids of the drugs that such a review is about: what the patient takes, then the options of the leading diagnoses."""
    current = (resolve_drug(m.name, formulary) for m in history.medications if m.stopped_days_ago is None)
    options = (t.drug for d in _leading(differential) for t in diseases[d.id].treatment if t.drug in formulary.drugs)
    return list(dict.fromkeys([*(m.drug for m in current if m), *(d for d in options if d)]))


def _leading(differential: Differential) -> list[Diagnosis]:
    return [d for d in differential.diagnoses if d.probability >= LIKELY][:3] if differential.confidence in {"moderate", "high"} else []


def _live_tumour(differential: Differential, history: History, diseases: Mapping[str, Disease]) -> Diagnosis | None:
    """The likeliest dangerous tumour that is still live and that no tissue has spoken to."""
    if any(f.kind == "histology" and f.experiencer == "patient" for f in history.findings):
        return None
    live = (d for d in differential.diagnoses if d.id in differential.must_not_miss and d.probability >= LIVE)
    return next((d for d in live if diseases[d.id].group in TUMOUR), None)

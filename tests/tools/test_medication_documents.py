"""What the drafts say of drug safety, and of what was not checked."""

from __future__ import annotations

import pytest

from yingzhi.agents.specialist import Desk, Resources
from yingzhi.agents.team import TEAM
from yingzhi.clinical.acknowledgement import Acknowledgement
from yingzhi.clinical.document import Document, Documentation
from yingzhi.clinical.presentation import Medication, Patient, Presentation
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.words import Language

NOTE = "Psoriasis with silvery scale on elbows and knees for ten years. 银屑病10年，双肘膝鳞屑性斑块。"
DRUGS = ["warfarin", "aspirin", "ibuprofen", "citalopram", "fluconazole", "chlorphenamine", "xyzzyplex"]


def state(
    r: Resources, lang: Language, *seen: Acknowledgement, drugs: list[str] | None = None, lost: str = ""
) -> tuple[TreatmentReview | None, list[Document]]:
    """The medication result and the drafts, without one specialist if it is named."""
    case = Presentation(
        text=NOTE,
        lang=lang,
        patient=Patient(sex="male", age=72),
        medications=[Medication(name=n) for n in (DRUGS if drugs is None else drugs)],
        acknowledged=list(seen),
    )
    found: dict[str, object] = {"presentation": case}
    for s in TEAM:
        found[s.name] = None if s.name == lost else s.playbook({k: found.get(k) for k in s.reads}, Desk(r))
    documentation, medication = found["documentation"], found["pharmacology"]
    assert isinstance(documentation, Documentation)
    assert medication is None or isinstance(medication, TreatmentReview)
    return medication, documentation.documents


def safety(documents: list[Document]) -> str:
    record = next(d for d in documents if d.kind == "outpatient-record")
    return " ".join(s.text for section in record.sections if section.id == "safety" for s in section.sentences)


@pytest.mark.parametrize(("lang", "unknown", "missing", "instead", "onset"), [
    ("en", "xyzzyplex: not in the formulary", "Not checked", "Neighbours that no rule speaks against", "It sets in"),
    ("zh", "xyzzyplex：不在药品知识库中", "未能核查", "同类中规则未见不利者", "起效"),
])  # fmt: skip
def test_the_record_says_what_is_wrong_what_else_and_what_is_not_known(
    resources: Resources, lang: Language, unknown: str, missing: str, instead: str, onset: str
) -> None:
    medication, documents = state(resources, lang)
    assert medication is not None
    text = safety(documents)
    for alert in medication.alerts:
        if alert.level != "notice":
            assert text.count(f"{alert.title.say(lang)}{'：' if lang == 'zh' else ':'}") == 1, "each problem once"
    for words in (unknown, missing, instead, onset):
        assert words in text


@pytest.mark.parametrize(("lang", "words"), [("en", "Drug safety was not checked"), ("zh", "用药安全未核查")])
def test_a_check_that_failed_never_reads_as_no_problem(resources: Resources, lang: Language, words: str) -> None:
    _, documents = state(resources, lang, lost="pharmacology")
    assert words in safety(documents)


@pytest.mark.parametrize(("lang", "more"), [("en", "; and 3 more."), ("zh", "；另有3项。")])
def test_what_has_no_room_is_counted(resources: Resources, lang: Language, more: str) -> None:
    _, documents = state(resources, lang, drugs=[f"xyzzyplex {n}" for n in "abcdefghi"])
    assert more in safety(documents)


def test_an_acknowledged_problem_stays_in_the_record_with_its_reason(resources: Resources) -> None:
    medication, _ = state(resources, "en")
    assert medication is not None
    loud = next(p.problem for p in medication.problems if p.problem.tier == "decide")
    seen = Acknowledgement(problem=loud.id, fingerprint=loud.fingerprint, reason="specialist-advised")
    _, documents = state(resources, "en", seen)
    text = safety(documents)
    assert loud.title.en in text
    assert "Acknowledged: A specialist has advised it." in text

"""The gold cases are whole, and a wrong one is refused in one sentence that names file and key."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.errors import GoldError
from yingzhi.evals.cases import GOLD, SCHEMA_LINE, GoldCase, in_language, load_case, load_cases, problems, schema

SOUND = GOLD / "sjs-carbamazepine.yaml"


@pytest.mark.parametrize("path", sorted(GOLD.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_gold_case_is_whole(path: Path, resources: Resources) -> None:
    assert path.read_text(encoding="utf-8").splitlines()[0] == SCHEMA_LINE
    assert list(problems(load_case(path), resources.knowledge)) == []


def test_the_schema_for_editors_is_that_of_the_model() -> None:
    assert (GOLD / SCHEMA_LINE.partition("=")[2]).read_text(encoding="utf-8") == schema()


def test_there_are_enough_of_each_sort() -> None:
    cases = load_cases()
    assert len(cases) >= 80
    tags = Counter(t for c in cases for t in {c.tags.commonness, c.tags.age, *c.tags.groups})
    for tag in ("common", "rare", "child", "elderly", "emergency", "pregnancy", "polypharmacy", "drug-eruption", "systemic-sign"):
        assert tags[tag] >= 5, tag


def written(folder: Path, name: str = "sjs-carbamazepine", **changes: Any) -> Path:
    record = yaml.safe_load(SOUND.read_text(encoding="utf-8")) | changes
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({k: v for k, v in record.items() if v is not None}, allow_unicode=True), encoding="utf-8")
    return path


FORM: dict[str, tuple[dict[str, Any], str]] = {
    "a wrong key": ({"diagnose": ["sjs-ten"]}, "diagnose: extra inputs are not permitted"),
    "a missing language": ({"note": {"en": "Fever."}}, "note.zh: field required"),
    "no expectation": ({"expected": None}, "expected: field required"),
    "another id": ({"id": "gout"}, "id: must be that of the file"),
    "an alert about nothing": (
        {"expected": {"diagnosis": ["gout"], "findings": [{"finding": "fever"}], "alerts": [{"level": "critical"}]}},
        "expected.alerts.0: value error, either rules or drugs",
    ),
}


@pytest.mark.parametrize("kind", FORM)
def test_a_case_of_the_wrong_form_is_refused_by_file_and_key(kind: str, tmp_path: Path) -> None:
    changes, says = FORM[kind]
    with pytest.raises(GoldError) as refused:
        load_case(written(tmp_path, **changes))
    assert str(refused.value).startswith("sjs-carbamazepine.yaml: ")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_not_yaml_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: [", encoding="utf-8")
    with pytest.raises(GoldError, match=r"a\.yaml line \d: not readable as YAML"):
        load_case(tmp_path / "a.yaml")
    with pytest.raises(GoldError, match=r"b\.yaml: can't be read"):
        load_case(tmp_path / "b.yaml")
    with pytest.raises(GoldError, match="no gold cases there"):
        load_cases(tmp_path / "none")


CONTENT = {
    "expected.diagnosis: nonsense is not among the diseases": {"diagnosis": ["nonsense"]},
    "expected.must_not_miss: nonsense is not among the diseases": {"must_not_miss": ["nonsense"]},
    "expected.first_tests: nonsense is not among the investigations": {"first_tests": ["nonsense"]},
    "expected.alerts: nonsense is no red-flag rule": {"alerts": [{"rules": ["nonsense"], "level": "notice"}]},
    "expected.alerts: nonsense is not among the drugs": {"alerts": [{"drugs": ["nonsense"], "level": "notice"}]},
    "expected.findings.0.words.zh: the note does not have these words": {
        "findings": [{"finding": "fever", "words": {"en": "fever", "zh": "没有的话"}}]
    },
}


@pytest.mark.parametrize("says", CONTENT)
def test_what_the_knowledge_or_the_note_does_not_have_is_named(says: str, tmp_path: Path, resources: Resources) -> None:
    expected = yaml.safe_load(SOUND.read_text(encoding="utf-8"))["expected"] | CONTENT[says]
    found = list(problems(load_case(written(tmp_path, expected=expected)), resources.knowledge))
    assert [p for p in found if says in p], found


def test_more_that_is_wrong_is_named(tmp_path: Path, resources: Resources) -> None:
    changes: dict[str, Any] = {
        "hidden": {"fever": "present", "nonsense": "absent"},
        "results": {"nonsense": {"en": "x", "zh": "无"}},
        "sources": ["nonsense"],
        "forbidden": {"tests": ["nonsense"], "drugs": ["nonsense"]},
        "tags": {"commonness": "rare", "age": "child"},
        "opening": {"en": "皮肤疼痛", "zh": "painful skin"},
    }
    found = " | ".join(problems(load_case(written(tmp_path, **changes)), resources.knowledge))
    for says in (
        "hidden: nonsense is not",
        "hidden: fever stands in the note",
        "results: nonsense",
        "sources: nonsense is no source",
        "forbidden.tests: nonsense",
        "forbidden.drugs: nonsense",
        "tags.age: the patient is adult",
        "opening.en: not in this language",
        "opening.zh: not in this language",
    ):
        assert says in found


@pytest.mark.parametrize(
    ("text", "lang", "there"),
    [("发热3天。", "zh", True), ("Fever.", "en", True), ("Fever.", "zh", False), ("发热", "en", False), (" ", "en", False)],
)
def test_the_language_of_a_text(text: str, lang: str, there: bool) -> None:
    assert in_language(text, lang) is there  # type: ignore[arg-type]


def test_a_case_comes_in_as_a_presentation_in_either_language() -> None:
    case = load_case(SOUND)
    zh, en = case.presentation("zh"), case.presentation("en")
    assert (zh.text, en.text) == (case.note.zh, case.note.en)
    assert (zh.lang, en.lang) == ("zh", "en")
    assert zh.patient == en.patient == case.patient
    assert set(case.labels("en")) == {"lang:en", "commonness:rare", "age:adult", "group:emergency", "group:drug-eruption"}
    assert GoldCase.model_validate(case.model_dump()) == case

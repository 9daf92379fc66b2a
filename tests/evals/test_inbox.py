"""From what doctors put right at review to gold cases: real consultations, a real store, and no identifier in any file."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Edit, Pins, Review
from yingzhi.clinical.errors import GoldError
from yingzhi.clinical.presentation import Answer, Patient, Presentation, Report
from yingzhi.evals.cases import SCHEMA_LINE, load_case, problems
from yingzhi.evals.inbox.accept import accept, wrong_with
from yingzhi.evals.inbox.ages import cap, tells_age
from yingzhi.evals.inbox.deidentify import deidentify, leaves
from yingzhi.evals.inbox.draft import unfinished
from yingzhi.evals.inbox.queue import Candidate, decisions, dismiss, open_candidate, open_candidates
from yingzhi.evals.inbox.read import TYPES
from yingzhi.evals.inbox.take import TakenIn, take_in
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.run import checkpoints, consult, resume
from yingzhi.graphs.state import State

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PINS = Pins(code="0", knowledge="0")
ZH = """姓名：王秀兰  性别：女  年龄：92岁  身份证号：11010519491231002X
住址：北京市海淀区中关村大街27号3单元501室  电话：13800138000
住院号：ZY20240315  就诊日期：2024年3月5日  出生日期：1933-12-31
患者王秀兰，女，92岁。右侧胸背部针刺样疼痛5天，成簇水疱3天，沿肋间呈带状分布，单侧，未过中线。2024年2月28日曾于北京协和医院就诊。
其子李建国陪同。否认发热。陈美华看过皮疹。"""
EN = """Patient name: Margaret Okafor  MRN: 00483921  DOB: 05/03/1978
Address: 12 Maple Street, Leeds. Phone: (415) 555-0132. Email m.okafor@example.org
Margaret Okafor, a 46-year-old woman, seen at Riverside Hospital on 12 March 2024. Itchy plaques with silvery scale on both elbows and knees
for 3 years. Mr Okafor drove her. No fever. NHS No 943 476 5919."""
IDENTIFIERS = (
    """
王秀兰|秀兰|11010519491231002X|110105|海淀|中关村|501室|13800138000|ZY20240315|3月5日|2024-03-05|1933-|2月28日|协和|李建国|陈美华|华山|92岁
Margaret|Okafor|OKAFOR|00483921|483921|05/03/1978|Maple|Leeds|555-0132|m.okafor|Riverside|943 476|476 5919|12 March|Hargreaves|2024-03-06
zhang_wei|case-of|MRN 00
""".strip()
    .replace("\n", "|")
    .split("|")
)
PLAIN = "An 82-year-old man has had tense blisters on the trunk for two weeks."


@dataclass(frozen=True)
class Stores:
    """A store of checkpoints and the folder for what comes of it."""

    store: Path
    inbox: Path

    def take_in(self) -> TakenIn:
        return take_in(self.store, self.inbox, NOW, PINS)

    def one(self, why: str) -> Candidate:
        return next(c for c in open_candidates(self.inbox) if why in c.why)


def edit(text: str, section: str = "diagnosis", sentence: int = 0) -> Edit:
    return Edit(document="outpatient-record", section=section, sentence=sentence, text=text)


OVERTURNED = Review(
    action="answer",
    by="陈美华",
    answers=[Answer(finding="fever", status="present"), Answer(finding="lymphadenopathy", status="present")],
    reports=[Report(kind="laboratory", test="blood-count", text="血常规 WBC 9.8×10^9/L，送检者：陈美华 2024-03-06")],
)
ACTS: dict[str, tuple[Presentation, list[Review]]] = {
    "ZY20240315": (
        Presentation(id="王秀兰-ZY20240315", text=ZH, patient=Patient(sex="female", age=92)),
        [
            OVERTURNED,
            Review(action="edit", by="陈美华", edits=[edit("单纯疱疹，王秀兰要求转至华山医院，电话13800138000。")]),
            Review(action="sign", by="陈美华"),
        ],
    ),
    "MRN 00483921": (
        Presentation(id="case-of-Margaret Okafor", text=EN, patient=Patient(sex="female", age=46)),
        [Review(action="reject", by="Dr Hargreaves", reason="Okafor has tinea, not psoriasis: call (415) 555-0132. Hargreaves.")],
    ),
    "approved": (Presentation(id="a", text=PLAIN), [Review(action="sign", by="zhang_wei")]),
    "answered": (
        Presentation(id="b", text=PLAIN),
        [
            Review(action="answer", answers=[Answer(finding="itch-precedes-blisters", status="present")]),
            Review(action="answer", answers=[Answer(finding="itch-precedes-blisters", status="absent")]),
            Review(action="sign", edits=[edit("Doctor: Hargreaves  Date: 2024-03-06", "signature")]),
        ],
    ),
}


def play(store: Path, resources: Resources, acts: dict[str, tuple[Presentation | None, list[Review]]]) -> None:
    """Let doctors work: each consultation is begun, unless it is there already, and its acts are done in turn."""

    async def work() -> None:
        async with checkpoints(store) as saver:
            graph = build_graph(saver)
            for thread, (case, reviews) in acts.items():
                if case:
                    await consult(case, resources, graph=graph, thread=thread)
                for act in reviews:
                    await resume(act, resources, graph=graph, thread=thread)

    asyncio.run(work())


@pytest.fixture(scope="module")
def store(resources: Resources, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "checkpoints.sqlite"
    play(path, resources, dict(ACTS))
    return path


@pytest.fixture
def stores(store: Path, tmp_path: Path) -> Stores:
    return Stores(store, tmp_path / "inbox")


def test_what_a_doctor_changed_becomes_a_candidate_and_an_approval_does_not(stores: Stores) -> None:
    taken = stores.take_in()
    assert (len(taken.new), taken.unchanged, taken.refused, taken.unreadable) == (2, 2, {}, 0)
    first, second = stores.one("override"), stores.one("rejection")
    assert (first.lang, first.why, first.outcome, first.acts) == ("zh", ["overturned", "override"], "signed", 3)
    overturned, edited = first.changes
    assert (overturned.where, overturned.before, overturned.after) == ("fever", "absent", "present")
    assert (edited.where, edited.concluded, edited.rests_on) == ("outpatient-record/diagnosis/0", "diagnosis", ["differential.diagnoses.0"])
    assert "带状疱疹" in edited.before
    assert edited.after.startswith("单纯疱疹，[PERSON-")
    assert (second.lang, second.why, second.outcome) == ("en", ["rejection"], "rejected")
    assert "has tinea, not psoriasis" in second.changes[0].after
    assert first.leading == ["herpes-zoster", "herpes-zoster"]


def test_no_identifier_is_in_any_file_or_name(stores: Stores) -> None:
    stores.take_in()
    dismiss(stores.inbox, stores.one("rejection").id, "of no use")
    files = [p for p in stores.inbox.rglob("*") if p.is_file()]
    assert len(files) == 5
    for file in files:
        text = str(file.relative_to(stores.inbox)) + file.read_bytes().decode()
        assert not [i for i in IDENTIFIERS if i in text], file.name
    note = stores.one("override").presentation.text
    assert "右侧胸背部针刺样疼痛5天，成簇水疱3天" in note  # the case itself is still there
    assert "女，90岁" in note
    assert stores.one("override").presentation.patient.age == 90


def test_the_masks_of_two_takings_in_have_nothing_in_common(stores: Stores, tmp_path: Path) -> None:
    other = Stores(stores.store, tmp_path / "other")
    stores.take_in()
    other.take_in()
    first, second = stores.one("override"), other.one("override")
    assert first.id == second.id
    assert first.presentation.text != second.presentation.text


def test_the_store_is_only_read(stores: Stores) -> None:
    before = stores.store.read_bytes()
    stores.take_in()
    assert stores.store.read_bytes() == before


def test_the_same_review_is_taken_in_once_and_what_was_dismissed_stays_so(stores: Stores) -> None:
    stores.take_in()
    files = {p: p.read_bytes() for p in stores.inbox.rglob("*.*") if p.is_file()}
    again = stores.take_in()
    assert (again.new, again.known) == ([], 2)
    assert {p: p.read_bytes() for p in stores.inbox.rglob("*.*") if p.is_file()} == files
    gone = stores.one("rejection").id
    dismiss(stores.inbox, gone, "a duplicate", "someone")
    shutil.rmtree(stores.inbox / gone)
    assert stores.take_in().new == []
    assert [c.id for c in open_candidates(stores.inbox)] == [stores.one("override").id]
    made = decisions(stores.inbox)[gone]
    assert (made.verdict, made.why, made.by) == ("dismissed", "a duplicate", "someone")


def test_a_decision_needs_a_reason_without_a_person_in_it_and_is_made_once(stores: Stores) -> None:
    stores.take_in()
    id = stores.one("override").id
    for why in (" ", "姓名：王秀兰", "Mr Okafor again"):
        with pytest.raises(GoldError) as caught:
            dismiss(stores.inbox, id, why)
        assert "王秀兰" not in str(caught.value)
        assert "Okafor" not in str(caught.value)
    dismiss(stores.inbox, id, "twice")
    with pytest.raises(GoldError, match="dismissed already"):
        dismiss(stores.inbox, id, "twice")
    with pytest.raises(GoldError, match="no candidate of this id"):
        dismiss(stores.inbox, "../../etc", "x")


def test_a_consultation_that_goes_on_is_made_anew_unless_its_draft_is_worked_on(resources: Resources, tmp_path: Path) -> None:
    stores = Stores(tmp_path / "c.sqlite", tmp_path / "inbox")
    play(stores.store, resources, {"t": (Presentation(id="t", text=PLAIN), [Review(action="edit", edits=[edit("Scabies.")])])})
    (id,) = stores.take_in().new
    assert (stores.one("override").outcome, stores.one("override").findings) == ("pending", [])
    play(stores.store, resources, {"t": (None, [Review(action="edit", edits=[edit("Blisters.", "chief-complaint")])])})
    assert stores.take_in().grown == [id]
    assert open_candidate(stores.inbox, id).why == ["override", "edit"]
    draft = stores.inbox / id / "draft.yaml"
    draft.write_text(draft.read_text(encoding="utf-8") + "# begun\n", encoding="utf-8")
    play(stores.store, resources, {"t": (None, [Review(action="reject")])})
    assert stores.take_in().held == [id]
    assert draft.read_text(encoding="utf-8").endswith("# begun\n")


def test_a_new_case_under_an_old_id_is_a_consultation_of_its_own(resources: Resources, tmp_path: Path) -> None:
    stores = Stores(tmp_path / "c.sqlite", tmp_path / "inbox")
    play(stores.store, resources, {"t": (Presentation(id="t", text=PLAIN), [Review(action="edit", edits=[edit("Scabies.")])])})
    play(stores.store, resources, {"t": (Presentation(id="t", text=EN), [Review(action="reject", reason="second")])})
    assert len(stores.take_in().new) == 2
    assert {(c.changes[0].after, "plaques" in c.presentation.text) for c in open_candidates(stores.inbox)} == {
        ("Scabies.", False),
        ("second", True),
    }


def test_a_record_that_still_identifies_after_masking_is_refused_without_its_words(resources: Resources, tmp_path: Path) -> None:
    stores = Stores(tmp_path / "c.sqlite", tmp_path / "inbox")
    text = "A 1164-month-old man has had tense blisters on the trunk for two weeks."
    play(stores.store, resources, {"t": (Presentation(id="t", text=text), [Review(action="reject", reason="no")])})
    taken = stores.take_in()
    assert list(taken.refused.values()) == [["presentation.text: age above 89"]]
    assert list(open_candidates(stores.inbox)) == []
    assert not list(stores.inbox.rglob("*.json"))


def test_a_damaged_consultation_keeps_none_of_the_others_back(stores: Stores, tmp_path: Path) -> None:
    damaged = Stores(tmp_path / "d.sqlite", tmp_path / "inbox")
    shutil.copy(stores.store, damaged.store)
    with sqlite3.connect(damaged.store) as connection:
        connection.execute("UPDATE checkpoints SET checkpoint = x'C1C1' WHERE thread_id = 'approved'")
    connection.close()
    taken = damaged.take_in()
    assert (taken.unreadable, len(taken.new)) == (1, 2)


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("王秀兰", encoding="utf-8")
    for name, says in (("note.txt", "not a store"), ("none.sqlite", "there is no store")):
        with pytest.raises(GoldError, match=f"{name}: {says}"):
            take_in(tmp_path / name, tmp_path / "inbox", NOW, PINS)


def test_every_type_that_a_checkpoint_holds_may_come_back_from_it() -> None:
    def models(hint: Any) -> set[type]:
        inner = {m for part in get_args(hint) for m in models(part)}
        return inner | ({hint} if isinstance(hint, type) and issubclass(hint, BaseModel) else set())

    assert {m for hint in get_type_hints(State).values() for m in models(hint)} <= set(TYPES)


def test_the_draft_holds_what_the_record_gives_and_a_todo_for_the_rest(stores: Stores) -> None:
    stores.take_in()
    id = stores.one("override").id
    text = (stores.inbox / id / "draft.yaml").read_text(encoding="utf-8")
    case = yaml.safe_load(text)
    assert text.startswith(SCHEMA_LINE + "\n")
    assert case["note"]["zh"].splitlines()[-1].startswith("其子[PERSON-")
    assert case["tags"] == {"commonness": "TODO", "age": "elderly", "groups": []}
    assert case["hidden"] == {"lymphadenopathy": "present"}  # the note says nothing of it: it was asked
    assert case["results"]["blood-count"]["zh"].startswith("血常规 WBC 9.8×10^9/L")
    assert "reports" not in case
    findings = {f["finding"]: f for f in case["expected"]["findings"]}
    assert findings["fever"]["status"] == "TODO"  # the engine and the doctor differ, and the note decides
    assert findings["vesicle"]["words"]["zh"] in case["note"]["zh"]
    assert case["expected"]["diagnosis"] == ["TODO"]  # never what the engine gave
    assert {"note.en", "title.zh", "expected.diagnosis.0", "sources.0", "results.blood-count.en"} <= set(unfinished(text))


def test_a_rejected_consultation_confirms_nothing_of_what_was_read(stores: Stores) -> None:
    stores.take_in()
    candidate = stores.one("rejection")
    assert candidate.findings == []
    case = yaml.safe_load((stores.inbox / candidate.id / "draft.yaml").read_text(encoding="utf-8"))
    assert case["expected"]["findings"] == [{"finding": "TODO"}]
    assert case["note"]["zh"].isascii()


def test_only_the_missing_language_is_enough_for_the_check_to_refuse(stores: Stores, resources: Resources, tmp_path: Path) -> None:
    stores.take_in()
    for why in ("override", "rejection"):
        candidate = stores.one(why)
        case = finished(yaml.safe_load((stores.inbox / candidate.id / "draft.yaml").read_text(encoding="utf-8")))
        other = "en" if candidate.lang == "zh" else "zh"
        unwritten = yaml.safe_load((stores.inbox / candidate.id / "draft.yaml").read_text(encoding="utf-8"))["note"][other]
        file = tmp_path / "some-case.yaml"
        file.write_text(
            yaml.safe_dump({**case, "id": "some-case", "note": {**case["note"], other: unwritten}}, allow_unicode=True), "utf-8"
        )
        assert f"some-case: note.{other}: not in this language" in list(problems(load_case(file), resources.knowledge))


def finished(case: dict[str, Any]) -> dict[str, Any]:
    """What somebody makes of a draft."""
    zh = "zh" if "TODO" in case["note"]["zh"] else "en"
    case["note"][zh] = (
        "患者女，46岁，双肘、双膝鳞屑性斑块伴瘙痒3年。" if zh == "zh" else "A woman of 90 with grouped vesicles on the right chest."
    )
    case["title"] = {"en": "A rash", "zh": "皮疹"}
    case["opening"] = {"en": "I have a rash.", "zh": "起皮疹。"}
    case["tags"]["commonness"] = "common"
    case["results"] = {}
    case["expected"] = {"diagnosis": ["herpes-zoster"], "findings": [{"finding": "vesicle"}]}
    return {**case, "sources": ["bad-sjsten-2016"]}


def test_an_unfinished_draft_is_refused_and_a_finished_one_is_a_gold_case(stores: Stores, resources: Resources, tmp_path: Path) -> None:
    stores.take_in()
    id = stores.one("override").id
    gold = tmp_path / "gold"
    wrong = accept(stores.inbox, id, gold, "zoster-of-ninety", resources.knowledge)
    assert "zoster-of-ninety: note.en: still to be written" in wrong
    assert not gold.exists()
    assert decisions(stores.inbox) == {}
    file = stores.inbox / id / "draft.yaml"
    remarks = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    case = finished(yaml.safe_load(file.read_text(encoding="utf-8")))
    file.write_text("\n".join([*remarks, yaml.safe_dump(case, allow_unicode=True, sort_keys=False)]), encoding="utf-8")
    with pytest.raises(GoldError, match="small letters"):
        accept(stores.inbox, id, gold, "../zoster", resources.knowledge)
    assert accept(stores.inbox, id, gold, "zoster-of-ninety", resources.knowledge, "someone") == []
    made = gold / "zoster-of-ninety.yaml"
    assert list(problems(load_case(made), resources.knowledge)) == []
    assert made.read_text(encoding="utf-8").startswith(SCHEMA_LINE + "\nid: zoster-of-ninety\n")
    assert "#:" not in made.read_text(encoding="utf-8")
    assert (decisions(stores.inbox)[id].verdict, decisions(stores.inbox)[id].case) == ("accepted", "zoster-of-ninety")
    with pytest.raises(GoldError, match="accepted already"):
        accept(stores.inbox, id, gold, "another-case", resources.knowledge)
    assert stores.take_in().new == []


def test_what_a_person_wrote_into_a_draft_is_looked_through_too(resources: Resources) -> None:
    case = finished({"note": {"en": "TODO", "zh": "女，皮疹3天。"}, "title": {}, "tags": {"age": "adult"}, "hidden": {}})
    assert wrong_with(yaml.safe_dump({**case, "id": "a-case"}), "a-case", resources.knowledge) == []
    case["note"]["en"] += " Mrs Okafor lives at 12 Maple Street, Leeds."
    found = wrong_with(yaml.safe_dump({**case, "id": "a-case"}), "a-case", resources.knowledge)
    assert found == [
        f"a-case: note.en: {kind}: this may identify somebody; mask it or put it in other words" for kind in ("ADDRESS", "PERSON")
    ]
    assert wrong_with("a: [", "a-case", resources.knowledge) == ["a-case.yaml line 2: not readable as YAML"]


AGED = ("{}岁", "患者{}岁", "年龄：{}", "a {}-year-old man", "aged {}", "Age: {}", "{} y/o", "{} years of age")


@given(age=st.integers(1, 125), form=st.sampled_from(AGED), around=st.sampled_from(("{}", "女，{}，皮疹。", "Rash. {}.")))
def test_ages_above_89_are_one_category_and_the_others_stay(age: int, form: str, around: str) -> None:
    text = around.format(form.format(age))
    assert cap(text, 2026) == (text if age < 90 else around.format(form.format(90)))
    assert not tells_age(cap(text, 2026), 2026)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("九十三岁，一百零二岁，百岁", "90岁，90岁，90岁"),
        ("in her late 90s; ninety-two years old", "aged 90; 90 years old"),
        (
            "born in 1931, DOB 05/06/1931, 1931年生, 民国20年, since 1985",
            "born in [YEAR], DOB [DATE], [YEAR]年生, 民国[YEAR]年, since 1985",
        ),
        ("T 98 F, Hb 95 g/L, 91%, aged 92 days, BP 120/95, 95 mg", "T 98 F, Hb 95 g/L, 91%, aged 92 days, BP 120/95, 95 mg"),
    ],
)
def test_years_that_tell_of_a_great_age_go_and_other_numbers_stay(text: str, made: str) -> None:
    assert cap(text, 2026) == made


def test_a_name_that_only_the_last_text_labels_goes_from_the_first_too() -> None:
    masked, left = deidentify({"note": "郭晓燕来电，皮疹3天。", "reason": "姓名：郭晓燕"}, [], [], 2026)
    assert left == []
    assert not [text for _, text in leaves(masked) if "郭晓燕" in text]
    assert "皮疹3天" in masked["note"]


def test_the_rest_of_a_note_that_a_draft_cut_short_is_not_left_as_half_an_identifier(resources: Resources, tmp_path: Path) -> None:
    stores = Stores(tmp_path / "c.sqlite", tmp_path / "inbox")
    head = "患者女，46岁，双肘鳞屑性斑块伴瘙痒3年。"
    filler = ("皮损无渗液。" * 200)[: 1200 - len(head) - 12]
    case = Presentation(id="t", text=f"{head}{filler}身份证号：11010519491231002X。")
    play(stores.store, resources, {"t": (case, [Review(action="edit", edits=[edit("As told.", "present-illness")])])})
    (id,) = stores.take_in().new
    assert "1101051" not in (stores.inbox / id / "candidate.json").read_text(encoding="utf-8")

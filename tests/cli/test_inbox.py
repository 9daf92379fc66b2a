"""`yingzhi eval inbox` as it is typed: take in, list, show, accept, dismiss; and nothing of the patient on the screen."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Edit, Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.run import checkpoints, consult, resume


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ended]
NOTE = "姓名：王秀兰，女，62岁。住院号：ZY20240315，电话13800138000。右侧胸背部针刺样疼痛5天，成簇水疱3天，沿肋间呈带状分布，单侧。"
PATIENT = ("王秀兰", "ZY20240315", "13800138000", "陈美华")


@pytest.fixture(scope="module")
def store(resources: Resources, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with an edit and a rejection of the same note."""
    path = tmp_path_factory.mktemp("clinic") / "reviewed.sqlite"
    wording = Edit(document="outpatient-record", section="diagnosis", sentence=0, text="王秀兰：单纯疱疹。")
    acts = {
        "ZY20240315": Review(action="sign", by="陈美华", edits=[wording]),
        "2": Review(action="reject", by="陈美华", reason="不是王秀兰"),
    }

    async def work() -> None:
        async with checkpoints(path) as saver:
            graph = build_graph(saver)
            for thread, act in acts.items():
                await consult(Presentation(id=thread, text=NOTE), resources, graph=graph, thread=thread)
                await resume(act, resources, graph=graph, thread=thread)

    asyncio.run(work())
    return path


@pytest.fixture
def inbox(yingzhi: Run, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """`yingzhi eval inbox …` in a home of its own, that holds the store under its usual name."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "service").mkdir()
    (home / "service" / "checkpoints.sqlite").write_bytes(store.read_bytes())
    monkeypatch.setenv("YINGZHI_HOME", str(home))

    def run(*arguments: object) -> Ended:
        ended = yingzhi("eval", "inbox", *map(str, arguments))
        assert not [p for p in PATIENT if p in ended.out + ended.err]
        return ended

    return run


def listed(out: str, why: str) -> str:
    """The id of a listed candidate."""
    found = re.search(rf"^([0-9a-f]{{12}})  \S+  zh  {why}", out, re.MULTILINE)
    assert found, out
    return found[1]


def test_candidates_are_taken_in_listed_and_shown_without_the_patient(inbox: Run) -> None:
    assert inbox() == (0, "0 open, 0 accepted, 0 dismissed\n", "")
    taken = inbox("--take-in")
    assert taken.code == 0
    assert taken.out.startswith("2 taken in\n")
    assert "outpatient-record/diagnosis/0 changed (diagnosis)" in taken.out
    assert taken.out.endswith("2 open, 0 accepted, 0 dismissed\n")
    assert "疱疹" not in taken.out  # ids only
    assert inbox().out == taken.out.removeprefix("2 taken in\n")
    assert inbox("--take-in").out.startswith("0 taken in, 2 known\n")
    shown = inbox("show", listed(taken.out, "override")).out
    assert re.search(r"^  - 1\. 带状疱疹", shown, re.MULTILINE)
    assert re.search(r"^  \+ \[PERSON-\w+\]：单纯疱疹。", shown, re.MULTILINE)
    assert "still to be written: id, title.en" in shown


def test_another_store_can_be_named(inbox: Run, store: Path) -> None:
    assert inbox("--take-in", store).out.startswith("2 taken in\n")
    assert inbox(f"--take-in={store}").out.startswith("0 taken in, 2 known\n")


def test_a_draft_is_accepted_when_it_is_finished_and_not_before(inbox: Run, yingzhi: Run, tmp_path: Path) -> None:
    id = listed(inbox("--take-in").out, "override")
    gold = tmp_path / "gold"
    refused = inbox("accept", id, "--to", gold, "--case", "some-zoster")
    assert refused.code == 2
    assert "some-zoster: note.en: still to be written\n" in refused.out
    assert refused.err.startswith(f"yingzhi: {id}: the draft is not finished (")
    file = tmp_path / "home" / "evals" / "inbox" / id / "draft.yaml"
    case = yaml.safe_load(file.read_text(encoding="utf-8"))
    case["title"] = case["opening"] = {"en": "A rash", "zh": "皮疹"}
    case["note"]["en"] = "A woman of 62 with pain for five days and grouped vesicles in a band on the right chest."
    case["tags"]["commonness"] = "common"
    case["expected"] = {"diagnosis": ["herpes-zoster"], "findings": [{"finding": "vesicle", "words": {"en": "vesicles", "zh": "水疱"}}]}
    case["sources"] = ["bad-sjsten-2016"]
    file.write_text(yaml.safe_dump(case, allow_unicode=True, sort_keys=False), encoding="utf-8")
    accepted = inbox("accept", id, "--to", gold, "--case", "some-zoster")
    assert (accepted.code, accepted.err) == (0, "")
    assert yingzhi("eval", "check", "--cases", str(gold)).out == "1 gold cases are whole, 0 problems\n"
    assert inbox().out.endswith("1 open, 1 accepted, 0 dismissed\n")
    assert inbox("show", id).out.startswith(f"{id}: accepted")


def test_a_draft_as_it_lies_there_is_no_gold_case(inbox: Run, yingzhi: Run, tmp_path: Path) -> None:
    id = listed(inbox("--take-in").out, "rejection")
    assert yingzhi("eval", "check", "--cases", str(tmp_path / "home" / "evals" / "inbox" / id)).code == 2


def test_what_was_dismissed_does_not_come_back(inbox: Run, tmp_path: Path) -> None:
    id = listed(inbox("--take-in").out, "rejection")
    assert inbox("dismiss", id, "--why", "wrong patient", "--by", "someone").out == f"{id}: dismissed\n"
    assert id not in inbox("--take-in").out
    assert '"by":"someone"' in (tmp_path / "home" / "evals" / "inbox" / "decisions.jsonl").read_text(encoding="utf-8")


def test_what_is_wrong_is_one_sentence_and_exit_code_2(inbox: Run, tmp_path: Path) -> None:
    id = listed(inbox("--take-in").out, "rejection")
    (tmp_path / "text.sqlite").write_text("no store", encoding="utf-8")
    for words, says in (
        (("--take-in", tmp_path / "none.sqlite"), "none.sqlite: there is no store of checkpoints there"),
        (("--take-in", tmp_path / "text.sqlite"), "text.sqlite: not a store of checkpoints"),
        (("show", "../.."), "there is no candidate of this id"),
        (("dismiss", id, "--why", ""), "--why: a reason is needed"),
        (("dismiss", id, "--why", "患者姓名：王秀英"), "the reason may identify somebody"),
        (("accept", id, "--to", tmp_path, "--case", "A Case"), "--case: the id of a case has small letters"),
    ):
        ended = inbox(*words)
        assert (ended.code, ended.out) == (2, "")
        assert says in ended.err
        assert ended.err.count("\n") == 1
        assert "王秀英" not in ended.err


def test_the_help_teaches_the_way_from_review_to_gold(yingzhi: Run) -> None:
    shown = yingzhi("eval", "inbox", "--help").out
    for word in ("--take-in", "show ID", "TODO", "accept ID", "dismiss ID", "decisions.jsonl"):
        assert word in shown

"""Runs: killed and taken up again, scored again, compared, promoted or refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.settings import checked
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.errors import GoldError
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.compare import as_text, compare
from yingzhi.evals.engine import run_gold
from yingzhi.evals.promote import promote, reasons_against
from yingzhi.evals.runs import Run, open_run, score_run, scores_of, start_run, traces_of, write_scores
from yingzhi.evals.scorers import standard
from yingzhi.evals.tables import as_text as table
from yingzhi.evals.tables import breaches, parities, summarise
from yingzhi.evals.trace import write_traces
from yingzhi.graphs.result import pins
from yingzhi.prompts.load import load_prompt
from yingzhi.testing import ScriptedModel


def prepared(root: Path, name: str, gold: GoldCase, resources: Resources, **more: Any) -> Run:
    return start_run(root, name, [gold], ("zh", "en"), resources, pins(resources), **more)


@pytest.fixture(scope="module")
def run(gold: GoldCase, resources: Resources, tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = prepared(tmp_path_factory.mktemp("evals"), "first", gold, resources, epochs=2)
    run_gold(made, [gold], resources, 2)
    return made


def test_inspect_runs_each_case_in_each_language_and_epoch_and_logs_it(run: Run, gold: GoldCase) -> None:
    from inspect_ai.log import list_eval_logs, read_eval_log

    assert sorted(traces_of(run)) == [f"{gold.id}.{lang}.{n}" for lang in ("en", "zh") for n in (1, 2)]
    logs = list_eval_logs(str(run.folder / "logs"))
    assert len(logs) == 1
    log = read_eval_log(logs[0])
    assert log.status == "success"
    assert log.samples is not None
    assert {(s.id, s.epoch) for s in log.samples} == {(f"{gold.id}.{lang}", n) for lang in ("zh", "en") for n in (1, 2)}
    shown = log.samples[0].scores
    assert shown is not None
    assert shown["yingzhi"].as_dict()["all-gates"] == 1


def test_scoring_again_gives_the_same_without_running(run: Run, gold: GoldCase, resources: Resources) -> None:
    kept = scores_of(run)
    again = score_run(run, {gold.id: gold}, standard(resources.lexicon))
    assert sorted(kept, key=lambda r: (r.lang, r.epoch)) == sorted(again, key=lambda r: (r.lang, r.epoch))
    assert open_run(run.folder) == run
    with pytest.raises(GoldError, match="sjs-carbamazepine is not among the gold cases"):
        score_run(run, {}, standard(resources.lexicon))


def test_a_killed_run_goes_on_without_running_a_finished_case_again(gold: GoldCase, resources: Resources, tmp_path: Path) -> None:
    made = prepared(tmp_path, "killed", gold, resources)
    run_gold(made, [gold], resources, 1)
    lines = made.traces.read_bytes().splitlines(keepends=True)
    assert len(lines) == 2
    made.traces.write_bytes(lines[0] + lines[1][: len(lines[1]) // 2])  # killed within the second write
    before = next(iter(traces_of(made).values()))
    taken_up = prepared(tmp_path, "killed", gold, resources)
    rows = run_gold(taken_up, [gold], resources, 1)
    after = traces_of(taken_up)
    assert len(rows) == len(after) == 2
    assert after[before.key] == before  # its time too: it was not run again
    assert len([x for x in made.traces.read_bytes().splitlines() if x]) == 2


def test_a_run_is_not_gone_on_with_under_other_conditions(gold: GoldCase, resources: Resources, tmp_path: Path) -> None:
    prepared(tmp_path, "a", gold, resources)
    assert prepared(tmp_path, "a", gold, resources).manifest.id == "a"
    with pytest.raises(GoldError, match="a: this run was made with other cases, prompts, knowledge or settings"):
        prepared(tmp_path, "a", gold, resources, epochs=2)


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("run.json", '{"version": 0}', r"bad/run\.json: id: not a run of this version"),
        ("run.json", "", r"bad/run\.json: the file: not a run of this version"),
        ("scores.jsonl", '{"case": 1}\n', r"bad/scores\.jsonl: scores of another version"),
    ],
)
def test_a_run_of_another_version_is_refused_by_its_name(
    file: str, text: str, says: str, gold: GoldCase, resources: Resources, tmp_path: Path
) -> None:
    made = prepared(tmp_path, "bad", gold, resources)
    (made.folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(GoldError, match=says):
        scores_of(open_run(made.folder))
    with pytest.raises(GoldError, match="there is no such run"):
        open_run(tmp_path / "none")


def test_the_table_shows_means_slices_and_every_breach(run: Run, gold: GoldCase) -> None:
    rows = scores_of(run)
    pairs = parities(traces_of(run))
    text = table(summarise(rows, standard(), pairs, ["group", "lang:zh"]))
    for wanted in ("all cases", "must-not-miss", "group:emergency", "lang:zh", "parity", "calibration error", "gates:"):
        assert wanted in text
    assert "lang:en" not in text
    worse = [
        r.model_copy(update={"scores": {**r.scores, "gates": r.scores["gates"].model_copy(update={"value": 0.0, "why": "x"})}})
        for r in rows
    ]
    found = breaches(worse, standard())
    assert {(b.scorer, b.why) for b in found} >= {("gates", "x")}
    assert "gates: sjs-carbamazepine.en: x" in table(summarise(worse, standard(), pairs))


def with_prompts(resources: Resources, folder: Path) -> Resources:
    settings = checked({"model": "m", "base_url": "http://127.0.0.1:1/v1", "prompts": str(folder)}, {})
    return dataclasses.replace(resources, models=Models(settings, given=ScriptedModel(replies=["{}"], repeat=True)))


def own_prompt(folder: Path, added: str) -> Path:
    folder.mkdir()
    (folder / "history.en.md").write_text(load_prompt("history", "en").source + added, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def two(gold: GoldCase, resources: Resources, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Two runs with a model that says nothing, under different prompts."""
    root = tmp_path_factory.mktemp("evals")
    made = []
    for name, added in (("old", ""), ("new", "\nBe brief.\n")):
        rich = with_prompts(resources, own_prompt(root / f"prompts-{name}", added))
        one = start_run(root, name, [gold], ("zh", "en"), rich, pins(rich))
        run_gold(one, [gold], rich, 2)
        made.append(one)
    return made[0], made[1]


def test_a_comparison_shows_only_what_changed_and_the_prompt(two: tuple[Run, Run]) -> None:
    found = compare(*two, standard())
    assert {x.scorer for x in found.changes} <= {"tokens"}
    assert not found.lost
    assert list(found.prompts) == ["history.en"]
    assert "+Be brief." in found.prompts["history.en"]
    text = as_text(found)
    assert "must-not-miss" not in text
    assert "tokens" in text


def spoilt(run: Run, root: Path, scorer: str, value: float) -> Run:
    """A copy of a run in which one scorer gave less."""
    folder = root / "spoilt"
    folder.mkdir()
    for name in ("run.json", "traces.jsonl"):
        (folder / name).write_bytes((run.folder / name).read_bytes())
    (folder / "prompts").mkdir()
    for p in (run.folder / "prompts").iterdir():
        (folder / "prompts" / p.name).write_bytes(p.read_bytes())
    manifest = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(manifest | {"id": "spoilt"}))
    copy = open_run(folder)
    rows = scores_of(run)
    write_scores(
        copy,
        [
            r.model_copy(update={"scores": {**r.scores, scorer: r.scores[scorer].model_copy(update={"value": value, "why": "worse now"})}})
            for r in rows
        ],
    )
    return copy


@pytest.mark.parametrize(("scorer", "says"), [("critical-alerts", "gate lost: critical-alerts"), ("findings", "findings falls beyond")])
def test_prompts_that_lose_a_gate_or_fall_beyond_the_interval_are_refused(
    scorer: str, says: str, two: tuple[Run, Run], tmp_path: Path
) -> None:
    worse = spoilt(two[1], tmp_path, scorer, 0.0)
    found = compare(two[0], worse, standard())
    target, register = tmp_path / "in-use", tmp_path / "decisions.jsonl"
    decision = promote(found, worse, target, register, by="a tester")
    assert decision.verdict == "refused"
    assert any(r.startswith(says) for r in decision.reasons)
    assert not target.exists()
    assert "worse now" in as_text(found)
    assert json.loads(register.read_text())["verdict"] == "refused"


def test_prompts_that_lose_nothing_are_put_where_they_are_read(two: tuple[Run, Run], tmp_path: Path) -> None:
    found = compare(*two, standard())
    assert reasons_against(found) == []
    target, register = tmp_path / "in-use", tmp_path / "decisions.jsonl"
    assert promote(found, two[1], target, register).verdict == "promoted"
    assert load_prompt("history", "en", target).body.endswith("Be brief.\n")
    assert load_prompt("history", "zh", target).ref == load_prompt("history", "zh").ref
    assert json.loads(register.read_text())["prompts"].keys() >= {"history.en", "differential.zh"}


def test_a_run_without_a_model_has_no_prompts_to_promote(run: Run, tmp_path: Path) -> None:
    with pytest.raises(GoldError, match="without a model"):
        promote(compare(run, run, standard()), run, tmp_path / "x", tmp_path / "d.jsonl")


def test_cases_that_only_one_run_has_are_told(run: Run, gold: GoldCase, resources: Resources, tmp_path: Path) -> None:
    other = gold.model_copy(update={"id": "another"})
    made = start_run(tmp_path, "b", [other], ("zh", "en"), resources, pins(resources))
    write_traces(made.traces, [t.model_copy(update={"case": "another"}) for t in traces_of(run).values()])
    score_run(made, {"another": other}, standard(resources.lexicon))
    found = compare(run, made, standard())
    assert (found.only_before, found.only_after) == (["sjs-carbamazepine"], ["another"])
    assert "gold" in found.differs
    assert any("not run again" in r for r in reasons_against(found))
    assert any("gold cases are not the same" in r for r in reasons_against(found))
    same = compare(run, run, standard())
    assert reasons_against(same) == []
    elsewhere = same.model_copy(update={"differs": {"model": ("a", "b")}})
    assert reasons_against(elsewhere) == ["the model is not the same: what changed can't be told apart"]

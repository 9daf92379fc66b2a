"""`yingzhi eval` as it is typed: run, show, score, compare, replay, check, promote, and what is wrong said in one sentence."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from yingzhi.cli.app import app
from yingzhi.clinical.errors import GoldError, SettingsError, ToolError
from yingzhi.evals.cases import GOLD
from yingzhi.testing import FakeProvider

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the gold folder of one easy case beside it."""
    root = tmp_path_factory.mktemp("evals-cli")
    (root / "gold").mkdir()
    shutil.copy(GOLD / "sjs-carbamazepine.yaml", root / "gold")
    return root


@pytest.fixture(autouse=True)
def _home(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGZHI_HOME", str(place / "home"))
    monkeypatch.delenv("YINGZHI_MODEL", raising=False)


def typed(*words: object) -> tuple[int, str]:
    result = RUNNER.invoke(app, ["eval", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_cases_are_worked_up_step_by_step(place: Path, tmp_path: Path) -> None:
    code, shown = typed("sequential", "--name", "steps", "--cases", place / "gold", "--budget", "20", "--budget", "0")
    assert code == 0
    assert shown.startswith("run steps: 2 cases\n")
    assert re.search(r"right first .*\n  all-at-once .*\n  step-by-step .*\n  step-by-step, 20 CNY .*\n  step-by-step, 0 CNY ", shown)
    assert len((place / "home" / "evals" / "steps" / "courses.jsonl").read_text(encoding="utf-8").splitlines()) == 8
    assert typed("sequential", "--name", "steps", "--cases", place / "gold", "--budget", "20", "--budget", "0") == (0, shown)
    notes = tmp_path / "notes.jsonl"
    notes.write_text(json.dumps({"id": "a", "text": "皮疹瘙痒。", "diagnosis": "不存在的病", "lang": "zh", "more": 1}), encoding="utf-8")
    code, shown = typed("sequential", "--name", "own", "--notes", notes)
    assert code == 0
    assert shown.startswith("run own: 1 cases, of which 1 have a diagnosis that the knowledge does not have\n")
    found = json.loads(typed("sequential", "--name", "own", "--notes", notes, "--json")[1])
    assert {f["arm"]["way"] for f in found} == {"all-at-once", "step-by-step"}
    with pytest.raises(SettingsError, match="--notes"):
        typed("sequential", "--notes", notes, "--only", "a")


def test_a_run_is_made_shown_scored_again_compared_and_replayed(place: Path) -> None:
    gold = place / "gold"
    code, shown = typed("run", "--name", "one", "--cases", gold)
    assert code == 0
    assert "gates: all hold" in shown
    assert typed("run", "--name", "one", "--cases", gold) == (0, shown)  # it goes on where it was: nothing is left to run
    assert typed("score", "one", "--cases", gold)[1].startswith("run one: embedded engine")
    assert "group:emergency" in typed("show", "one", "--by", "group")[1]
    assert "must-not-miss" in typed("show", "one", "--case", "sjs-carbamazepine")[1]
    code, compared = typed("compare", "one", "one")
    assert code == 0
    assert "no score changed" in compared
    code, replayed = typed("replay", place / "home" / "evals" / "one" / "traces.jsonl")
    assert (code, replayed) == (0, "2 consultations, 0 with changed conclusions, 0 grave changes\n")
    assert typed("check", "--cases", gold) == (0, "1 gold cases are whole, 0 problems\n")
    with pytest.raises(GoldError, match="without a model"):
        typed("promote", "one", "one", "--to", place / "prompts")


def test_a_report_of_runs_is_one_file_whose_path_is_printed(place: Path) -> None:
    typed("run", "--name", "told", "--cases", place / "gold")
    out = place / "reports" / "told.html"
    assert typed("report", "told", "told", "--out", out, "--by", "group", "--lang", "zh") == (0, f"{out}\n")
    html = out.read_text(encoding="utf-8")
    assert html.startswith('<!doctype html>\n<html lang="zh-Hans">')
    assert "group:emergency" in html
    with pytest.raises(GoldError, match="none: there is no such run"):
        typed("report", "told", "none", "--out", place / "none.html")
    assert not (place / "none.html").exists()


def test_what_is_wrong_is_said_in_one_sentence(place: Path, tmp_path: Path) -> None:
    text = (GOLD / "sjs-carbamazepine.yaml").read_text(encoding="utf-8")
    (tmp_path / "sjs-carbamazepine.yaml").write_text(text.replace("[sjs-ten]", "[no-such-disease]"), encoding="utf-8")
    with pytest.raises(GoldError, match=r"expected\.diagnosis: no-such-disease is not among the diseases"):
        typed("run", "--cases", tmp_path)
    assert typed("check", "--cases", tmp_path)[0] == 2
    for words, says in (
        (("show", "none"), "none: there is no such run"),
        (("run", "--cases", place / "gold", "--only", "age:child"), "no gold case is in age:child"),
        (("run", "--cases", place / "gold", "--name", "../../out"), "the name of a run"),
    ):
        with pytest.raises(GoldError, match=says):
            typed(*words)
    with pytest.raises(SettingsError, match="prompts are for a model"):
        typed("run", "--cases", place / "gold", "--prompts", tmp_path)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    """An endpoint on loopback in a thread of its own; what it answers hangs on the model that is asked for."""
    made = FakeProvider(lambda body: json.dumps({"why": "Sound.", "grade": 5 if body["model"] == "mild" else 2}))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(made.__aenter__(), loop).result(5)
    yield made
    asyncio.run_coroutine_threadsafe(made.__aexit__(None, None, None), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def test_a_run_is_judged_by_two_models_and_shown_with_their_agreement(place: Path, tmp_path: Path, provider: FakeProvider) -> None:
    gold = place / "gold"
    before = typed("run", "--name", "judged", "--cases", gold)[1]
    assert "judge:" not in before
    files = []
    for name in ("harsh", "mild"):
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(f"model: {name}\nbase_url: {provider.url}\n", encoding="utf-8")
    judges = ("judge", "judged", "--cases", gold, "--judge", files[0], "--judge", files[1])
    code, shown = typed(*judges)
    assert code == 0
    assert re.search(r"reasoning +all +3\.50 +3\.50 to 3\.50 +2\n", shown)
    assert re.search(r"reasoning +harsh +2\.00", shown)
    assert re.search(r"reasoning +2 +0\.00 +0\.00 +0\.00  not to be relied on: kappa below 0\.4", shown)
    asked = len(provider.requests)
    assert typed(*judges) == (0, shown)
    assert len(provider.requests) == asked + 2  # a word from each that it is there, and no trace again
    table = typed("show", "judged")[1]
    assert set(before.splitlines()) <= set(table.splitlines())  # all that was shown before stands as it was
    assert re.search(r"judge:summary +0\.625", table)
    assert "not to be relied on" in table
    assert "harsh 2: Sound.; mild 5: Sound." in typed("show", "judged", "--case", "sjs-carbamazepine")[1]
    assert "judge:summary" in typed("compare", "judged", "judged", "--json")[1]


def test_a_judging_without_a_model_or_a_case_is_refused(place: Path, tmp_path: Path, provider: FakeProvider) -> None:
    gold = place / "gold"
    typed("run", "--name", "unjudged", "--cases", gold, "--lang", "en")
    with pytest.raises(SettingsError, match="--judge: a model is needed"):
        typed("judge", "unjudged", "--cases", gold, "--judge", "none")
    file = tmp_path / "one.yaml"
    file.write_text(f"model: harsh\nbase_url: {provider.url}\n", encoding="utf-8")
    with pytest.raises(GoldError, match="no gold case is in age:child"):
        typed("judge", "unjudged", "--cases", gold, "--judge", file, "--only", "age:child")
    with pytest.raises(SettingsError, match="different models"):
        typed("judge", "unjudged", "--cases", gold, "--judge", file, "--judge", file)
    assert "nothing is known of its agreement" in typed("judge", "unjudged", "--cases", gold, "--judge", file)[1]


def test_a_run_is_exported_only_where_it_is_told_to_and_with_text_only_with_a_warning(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.5")
    typed("run", "--name", "sent", "--cases", place / "gold")
    plain, full = place / "plain.json", place / "full.json"
    first = RUNNER.invoke(app, ["eval", "export", "sent", "--out", str(plain)])
    second = RUNNER.invoke(app, ["eval", "export", "sent", "--out", str(full), "--with-text"])
    assert first.stdout.startswith("2 consultations, ")
    assert first.stdout.endswith(f" spans written to {plain}\n")
    assert first.stderr == ""
    assert second.stderr == "yingzhi: the text of the records goes along (--with-text): whoever can read the spans can read it\n"
    assert "invoke_workflow yingzhi" in plain.read_text(encoding="utf-8")
    assert "input.value" not in plain.read_text(encoding="utf-8")
    assert "input.value" in full.read_text(encoding="utf-8")
    for words, says in (
        ((), "say where to: --endpoint or --out"),
        (("--endpoint", "localhost"), "--endpoint: the address of a collector"),
    ):
        with pytest.raises(SettingsError, match=says):
            typed("export", "sent", *words)
    with pytest.raises(ToolError, match=r"the collector at 127\.0\.0\.1:9 can't be reached"):
        typed("export", "sent", "--endpoint", "http://127.0.0.1:9")
    with pytest.raises(GoldError, match="none: there is no such run"):
        typed("export", "none", "--out", place / "x.json")

"""`yingzhi eval` as it is typed: run, show, score, compare, replay, check, promote, and what is wrong said in one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from yingzhi.cli.app import app
from yingzhi.clinical.errors import GoldError, SettingsError
from yingzhi.evals.cases import GOLD

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

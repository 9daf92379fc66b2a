"""`inspect eval evals/tasks.py` by Inspect's own command line, and what stands in its log."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from yingzhi.evals.cases import GOLD, load_case
from yingzhi.evals.scorers import standard

PROJECT = Path(__file__).parents[2]
TWO = ("sjs-carbamazepine", "acne-flare-nine-weeks-pregnant")
INSPECT = Path(sys.executable).with_name("inspect")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the log of two cases in English, run by the command."""
    root = tmp_path_factory.mktemp("inspect")
    (root / "gold").mkdir()
    for name in TWO:
        shutil.copy(GOLD / f"{name}.yaml", root / "gold")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("YINGZHI", "INSPECT"))}
    words = [
        INSPECT,
        "eval",
        "evals/tasks.py",
        "--model",
        "none",
        "-T",
        f"folder={root / 'gold'}",
        "-T",
        "lang=en",
        "--log-dir",
        root / "logs",
    ]
    done = subprocess.run(
        [*map(str, words), "--display", "none"],
        env=environment | {"YINGZHI_HOME": str(root / "home")}, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return root / "logs"


def test_the_command_runs_the_cases_and_its_log_has_our_scores(logs: Path) -> None:
    from inspect_ai.log import list_eval_logs, read_eval_log

    files = list_eval_logs(str(logs))
    assert len(files) == 1
    log = read_eval_log(files[0])
    assert (log.status, log.eval.task, log.eval.task_args["lang"]) == ("success", "gold", "en")
    assert log.samples is not None
    assert {s.id for s in log.samples} == {f"{name}.en" for name in TWO}
    names = {s.name for s in standard()}
    for sample in log.samples:
        case = load_case(GOLD / f"{str(sample.id).removesuffix('.en')}.yaml")
        assert sample.scores is not None
        score = sample.scores["yingzhi"]
        assert score.as_dict()["all-gates"] == 1
        assert score.answer is not None
        assert score.answer.split()[0] in case.expected.diagnosis
        assert score.metadata is not None
        assert set(score.metadata) == names
        assert score.metadata["must-not-miss"] in {1.0, None}
        assert sample.input == case.note.en


def test_its_table_has_the_gates_and_the_headlines(logs: Path) -> None:
    from inspect_ai.log import list_eval_logs, read_eval_log

    results = read_eval_log(list_eval_logs(str(logs))[0], header_only=True).results
    assert results is not None
    means = {s.name: s.metrics["mean"].value for s in results.scores}
    assert means["all-gates"] == 1
    assert 0 < means["findings"] <= 1
    assert means["diagnosis-top-1"] == 1

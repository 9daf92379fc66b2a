"""What the READMEs tell a reader to run, runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh.md")


def blocks(readme: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / readme).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    lines = [line.strip() for readme in READMES for block in blocks(readme, "sh") for line in block.splitlines()]
    return sorted({line for line in lines if line.startswith(".venv/bin/yingzhi")})


def run(arguments: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "YINGZHI_HOME": str(home), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_readmes_runs(command: str, home: Path) -> None:
    done = run([sys.executable, "-m", "yingzhi", *shlex.split(command)[1:]], home)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 100


@pytest.mark.parametrize("readme", READMES)
def test_the_python_of_the_readmes_runs(readme: str, home: Path) -> None:
    (code,) = blocks(readme, "python")
    done = run([sys.executable, "-c", code], home)
    assert done.returncode == 0, done.stderr
    name, probability = done.stdout.rsplit(maxsplit=1)
    assert name in {"Bullous pemphigoid", "大疱性类天疱疮"}
    assert float(probability) > 0.2


def test_the_two_readmes_have_the_same_sections() -> None:
    english, chinese = (
        [line for line in (ROOT / r).read_text(encoding="utf-8").splitlines() if line.startswith(("#", "|", "```"))] for r in READMES
    )
    assert len(english) == len(chinese)


@pytest.mark.parametrize("readme", READMES)
def test_every_link_of_the_readmes_leads_somewhere(readme: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / readme).read_text(encoding="utf-8"))
    assert links
    assert not [link for link in links if not link.startswith("http") and not (ROOT / link).exists()]

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {
    "clinical": 0,
    "knowledge": 1,
    "tools": 2,
    "prompts": 2,
    "agents": 3,
    "graphs": 4,
    "client": 5,
    "evals": 5,
    "service": 5,
    "testing": 5,
    "cli": 6,
}
FOLDERS = sorted(p.name for p in (ROOT / "src" / "yingzhi").iterdir() if p.is_symlink())


def test_every_code_folder_is_linked_mapped_and_packed() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    mapped = {k: v for k, v in config["targets"]["wheel"]["sources"].items() if k != "src"}
    assert sorted(FLOORS) == FOLDERS
    assert mapped == {f: f"yingzhi/{f}" for f in FOLDERS}
    assert {f for f in config["only-include"] if "/" not in f} == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_imports_only_go_down(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.module if isinstance(node, ast.ImportFrom) and node.module else ""
            if name.startswith("yingzhi."):
                other = name.split(".")[1]
                assert FLOORS[other] <= FLOORS[folder], f"{path}: {name}"


HEAVY = ("torch", "openai", "sentence_transformers", "langchain_openai", "qdrant_client", "transformers")


def test_the_default_path_imports_no_heavy_library(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "sys.argv = ['yingzhi', 'consult', 'examples/zoster.zh.txt', '--format', 'json', '--out', sys.argv[1]]\n"
        "from yingzhi.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        f"bad = sorted(m for m in {HEAVY!r} if m in sys.modules)\n"
        "assert not bad, bad\n"
    )
    environment = {"YINGZHI_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "out.json")], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "out.json").stat().st_size > 1000

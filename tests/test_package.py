from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("agents", "cli", "client", "clinical", "evals", "graphs", "knowledge", "prompts", "service", "testing", "tools")


def build(folder: Path, target: str, out: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-1000:]
    return next(out.glob("*.tar.gz" if target == "sdist" else "*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in the wheel that is built from the unpacked source distribution, as pip does it."""
    place = tmp_path_factory.mktemp("package")
    with tarfile.open(build(ROOT, "sdist", place / "sdist")) as archive:
        archive.extractall(place / "unpacked", filter="data")
    built = build(next((place / "unpacked").iterdir()), "wheel", place / "wheel")
    return set(zipfile.ZipFile(built).namelist())


def test_the_wheel_holds_every_file_of_the_code_and_the_knowledge(wheel: set[str]) -> None:
    listed = subprocess.run(["git", "ls-files", "-z", *FOLDERS], cwd=ROOT, capture_output=True, text=True, timeout=30)
    if listed.returncode:
        pytest.skip("not a git checkout")
    missing = {f"yingzhi/{name}" for name in listed.stdout.split("\0") if name} - wheel
    assert not missing


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    roots = {name.split("/")[0] for name in wheel}
    assert {r for r in roots if not r.endswith(".dist-info")} == {"yingzhi"}
    assert {name.split("/")[1] for name in wheel if name.startswith("yingzhi/")} == {*FOLDERS, "__init__.py", "__main__.py", "py.typed"}
    assert not [name for name in wheel if "__pycache__" in name or name.endswith((".pyc", ".db", ".sqlite"))]

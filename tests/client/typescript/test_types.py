"""The committed types are those of the service as it is, and TypeScript understands them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TYPES = ROOT / "client" / "typescript"


@pytest.fixture(scope="session")
def work(request: pytest.FixtureRequest) -> Path:
    """The folder with the locked npm packages, kept in pytest's cache."""
    for name in ("node", "npm"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
    mark = hashlib.sha256((TYPES / "package-lock.json").read_bytes()).hexdigest()[:12]
    assert request.config.cache is not None
    return Path(request.config.cache.mkdir(f"typescript-{mark}"))


@pytest.fixture(scope="session")
def written(work: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The types, written anew."""
    file = tmp_path_factory.mktemp("types") / "yingzhi.d.ts"
    environment = {**os.environ, "PYTHON": sys.executable, "TYPES_WORK": str(work)}
    done = subprocess.run([TYPES / "generate", file], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return file


def test_the_committed_types_are_current(written: Path) -> None:
    assert (TYPES / "yingzhi.d.ts").read_text(encoding="utf-8") == written.read_text(encoding="utf-8"), "run client/typescript/generate"


def test_typescript_takes_what_is_allowed_and_refuses_what_is_not(written: Path, work: Path, tmp_path: Path) -> None:
    shutil.copy(written, tmp_path / "yingzhi.d.ts")
    shutil.copy(Path(__file__).parent / "usage.ts", tmp_path / "usage.ts")
    tsc = str(work / "node_modules" / "typescript" / "bin" / "tsc")
    command = ["node", tsc, "--noEmit", "--strict", "--target", "es2022", "usage.ts"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]


def test_no_lock_of_npm_names_a_registry() -> None:
    for lock in (TYPES / "package-lock.json", ROOT / "tests" / "service" / "agui" / "node" / "package-lock.json"):
        assert '"resolved"' not in lock.read_text(encoding="utf-8")
        assert '"integrity"' in lock.read_text(encoding="utf-8")

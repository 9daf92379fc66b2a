"""What all tests share: the real knowledge, opened once in a home folder of the test run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.graphs.resources import open_resources
from yingzhi.graphs.settings import Settings

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder for the whole test run."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def resources(home: Path) -> Iterator[Resources]:
    """Knowledge, models and indexes."""
    opened = open_resources(Settings(home=home))
    yield opened
    for retriever in opened.retrievers:
        retriever.close()


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of example cases."""
    return ROOT / "examples"

"""A checkpoint row may only bring the types of our own state to life, whichever module is imported first."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "first", ["from yingzhi import consult", "import yingzhi.graphs.run", "import yingzhi.graphs.build", "import yingzhi.graphs.state"]
)
def test_checkpoint_rows_are_read_strictly(first: str) -> None:
    code = f"{first}\nfrom langgraph.checkpoint.serde import _msgpack\nprint(_msgpack.STRICT_MSGPACK_ENABLED)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "True"

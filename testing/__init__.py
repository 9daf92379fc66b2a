"""For tests of programs that use yingzhi: a scripted model, a provider on loopback that fails on demand, recorded and mocked HTTP."""

from typing import TYPE_CHECKING, Any

from yingzhi.testing.cassette import Cassette, CassetteError
from yingzhi.testing.provider import FAULTS, FakeProvider
from yingzhi.testing.scripted import ScriptedModel

if TYPE_CHECKING:
    from yingzhi.testing.respx2 import armed

__all__ = ["FAULTS", "Cassette", "CassetteError", "FakeProvider", "ScriptedModel", "armed"]


def __getattr__(name: str) -> Any:
    """`armed` needs respx, which is not installed with yingzhi: it is imported when asked for."""
    if name != "armed":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from yingzhi.testing.respx2 import armed

    return armed

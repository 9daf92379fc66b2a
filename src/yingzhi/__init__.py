"""櫻智醫助 yingzhi: clinical decision support for dermatology, in Chinese and English.

Names are imported on first use, so that `import yingzhi` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yingzhi.clinical.consultation import Consultation, Review
    from yingzhi.clinical.errors import CaseError, KnowledgeError, ModelError, SettingsError, ToolError, YingzhiError
    from yingzhi.clinical.presentation import Presentation
    from yingzhi.graphs.build import build_graph
    from yingzhi.graphs.resources import open_resources
    from yingzhi.graphs.run import checkpoints, consult, resume, stream
    from yingzhi.graphs.settings import Settings

_WHERE = {
    "CaseError": "clinical.errors",
    "Consultation": "clinical.consultation",
    "KnowledgeError": "clinical.errors",
    "ModelError": "clinical.errors",
    "Presentation": "clinical.presentation",
    "Review": "clinical.consultation",
    "Settings": "graphs.settings",
    "SettingsError": "clinical.errors",
    "ToolError": "clinical.errors",
    "YingzhiError": "clinical.errors",
    "build_graph": "graphs.build",
    "checkpoints": "graphs.run",
    "consult": "graphs.run",
    "open_resources": "graphs.resources",
    "resume": "graphs.run",
    "stream": "graphs.run",
}

__all__ = [
    "CaseError",
    "Consultation",
    "KnowledgeError",
    "ModelError",
    "Presentation",
    "Review",
    "Settings",
    "SettingsError",
    "ToolError",
    "YingzhiError",
    "build_graph",
    "checkpoints",
    "consult",
    "open_resources",
    "resume",
    "stream",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module 'yingzhi' has no attribute {name!r}")
    return getattr(import_module(f"yingzhi.{_WHERE[name]}"), name)

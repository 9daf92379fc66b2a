"""The model work of one consultation: its models, its budget, its masks, and the shelf of what was retrieved."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from yingzhi.agents.models.budget import Budget
from yingzhi.agents.models.chat import Models
from yingzhi.clinical.citation import Citation
from yingzhi.tools.deidentify import Masker

Emit = Callable[[str, Mapping[str, Any]], None]
Told = tuple[str, Mapping[str, Any]]
"""An event: its type and its fields."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A playbook's result before its turn; good only for exactly what it read."""

    view: Mapping[str, Any]
    result: BaseModel
    events: tuple[Told, ...]


@dataclass(slots=True, eq=False)
class Session:
    """Made for one run, shared by its specialists, never stored."""

    models: Models
    budget: Budget
    masker: Masker | None
    key: str
    """Nonce that closes data blocks: what stands in a block can't know it."""
    shelf: dict[str, Citation] = field(default_factory=dict)
    """Every passage that was retrieved in this run, by id: only these may be cited."""
    own: dict[int, tuple[BaseModel, BaseModel]] = field(default_factory=dict)
    """By id of a reconciled result: itself, and the playbook's own that it was made from."""
    bases: dict[str, BaseModel] = field(default_factory=dict)
    """The playbooks' own results so far, by specialist."""
    ahead: dict[str, Ahead] = field(default_factory=dict)
    """Playbooks that were run while a model was thinking."""
    prompts: dict[str, tuple[BaseModel, str]] = field(default_factory=dict)
    """Prompts that were rendered while a model was thinking, by specialist, with the result that they show."""
    blocks: dict[tuple[str, str], str] = field(default_factory=dict)
    """Data blocks by name and text: the record is the same for all."""

    def mask(self, text: str) -> str:
        """The text as it may leave."""
        return self.masker.mask(text) if self.masker else text

    def unmask(self, value: Any) -> Any:
        """A model's answer with the identifiers back in."""
        if self.masker is None:
            return value
        if isinstance(value, str):
            return self.masker.unmask(value)
        if isinstance(value, dict):
            return {k: self.unmask(v) for k, v in value.items()}
        return [self.unmask(v) for v in value] if isinstance(value, list) else value


def open_session(models: Models) -> Session:
    """A session for one run."""
    masker = Masker(secrets.token_hex(8)) if models.settings.masks else None
    return Session(models, Budget(models.settings), masker, secrets.token_hex(4))

"""What a language model adds in words, kept apart from what rules and knowledge say."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.words import Record

Stance = Literal["for", "against", "note"]
Outcome = Literal["used", "partial", "failed", "skipped"]


class Remark(Record):
    """One sentence of a model. Nothing is decided by it; what it cites was retrieved and carries its words."""

    specialist: str = Field(description="Which specialist's model said it; `challenge` for the devil's advocate.")
    about: str = Field(default="", description="Id of the disease, test, drug or finding it is about; empty for the case.")
    stance: Stance = "note"
    text: str = Field(max_length=600)
    citations: list[str] = Field(default_factory=list, description="Ids of retrieved passages that support it.")
    by: str = Field(description="Name of the model.")


class Dropped(Record):
    """Something a model proposed that was not taken."""

    what: str = Field(description="Kind and id, e.g. `ranking eczema`; never patient text.")
    why: str = Field(description="Kind of reason, e.g. `unknown id`, `quote not in the record`, `order`.")


class ModelUse(Record):
    """What a model did for one specialist in one round."""

    specialist: str
    model: str
    outcome: Outcome = Field(description="used = its proposal was reconciled; partial = cut off by the budget; failed; skipped.")
    reason: str = Field(default="", description="Kind of failure, or what the budget ran out of.")
    calls: int = Field(default=0, ge=0, description="Requests sent, retries among them.")
    tokens_in: int = Field(default=0, ge=0)
    tokens_out: int = Field(default=0, ge=0)
    cost: float = Field(default=0.0, ge=0, description="By the price table, in its currency; 0 without a price.")
    seconds: float = Field(default=0.0, ge=0)
    prompt: str = Field(default="", description="Reference of the prompt, e.g. `history.zh@1+0a1b2c3d`.")
    taken: int = Field(default=0, ge=0, description="How many proposed items were taken.")
    dropped: list[Dropped] = Field(default_factory=list)
    version: int = Field(default=1, ge=1, description="Round of the consultation.")

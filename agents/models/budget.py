"""What one consultation may spend on models: requests, tokens, money, time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from yingzhi.agents.models.settings import ModelSettings


class BudgetSpent(Exception):
    """Nothing is left of one kind; `args[0]` names it: calls, tokens, cost or seconds."""


@dataclass(slots=True)
class Budget:
    """Counts what was spent; shared by all specialists of one consultation."""

    settings: ModelSettings
    clock: Callable[[], float] = monotonic
    calls: int = 0
    tokens: int = 0
    cost: float = 0.0
    began: float = field(default=-1.0)

    def __post_init__(self) -> None:
        """Start the clock."""
        self.began = self.clock()

    def check(self) -> None:
        """Allow one more request.

        Raises:
            BudgetSpent: Nothing is left.
        """
        s = self.settings
        if self.calls >= s.max_calls:
            raise BudgetSpent("calls")
        if self.tokens >= s.max_total_tokens:
            raise BudgetSpent("tokens")
        if s.max_cost is not None and self.cost >= s.max_cost:
            raise BudgetSpent("cost")
        if self.seconds_left() <= 0:
            raise BudgetSpent("seconds")

    def seconds_left(self) -> float:
        """Until the deadline of the consultation's model work."""
        return self.settings.consultation_seconds - (self.clock() - self.began)

    def spend(self, model: str, tokens_in: int, tokens_out: int) -> float:
        """Book one answer; gives its cost."""
        self.tokens += tokens_in + tokens_out
        price = self.settings.prices.get(model)
        cost = (tokens_in * price[0] + tokens_out * price[1]) / 1e6 if price else 0.0
        self.cost += cost
        return cost

"""Limits, in this process: requests a second and things at once for each tenant, failed authentications for each address.

Retry-After of a rate is a promise: after that many seconds one request goes through, if nobody else took the place meanwhile. Of what
runs at once nobody knows when it ends, so there it is a fixed proposal.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

from pydantic import BaseModel, ConfigDict, Field

from yingzhi.service.identity.refusals import too_many
from yingzhi.service.identity.settings import PREFIX, read_environment

MOST = 1_000_000
SECOND = 1_000_000_000


class LimitSettings(BaseModel):
    """How much at once, in one process. Environment variables are `YINGZHI_SERVE_` and the field's name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_per_second: float = Field(default=100.0, ge=0.01, le=MOST, description="Requests of one tenant, on average.")
    burst: int = Field(default=400, ge=1, le=MOST, description="Requests of one tenant at once, above the average.")
    running: int = Field(default=1000, ge=1, le=MOST, description="Consultations of one tenant at work or waiting.")
    streams: int = Field(default=1000, ge=1, le=MOST, description="Open streams of one tenant.")
    failures_per_second: float = Field(default=0.2, ge=0.001, le=MOST, description="Failed authentications of one address, on average.")
    failures_burst: int = Field(default=20, ge=1, le=MOST, description="Failed authentications of one address at once.")
    remembered: int = Field(default=10_000, ge=100, le=10 * MOST, description="Tenants, and addresses, that are kept in mind at most.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> LimitSettings:
        """Read the variables.

        Raises:
            SettingsError: One has a value that can't be; the message names it.
        """
        return read_environment(cls, PREFIX, environment)


@dataclass(slots=True, eq=False)
class Rate:
    """A token bucket for each key, kept as one number (GCRA): when the bucket will be full again, in whole nanoseconds.

    A key whose bucket is full is not remembered. Beyond `remembered` keys the one that was used longest ago is forgotten.

    Attributes:
        per_second: Tokens that come back in a second.
        burst: Tokens in a full bucket.
        remembered: Keys at most.
        clock: Monotonic nanoseconds.
    """

    per_second: float
    burst: int
    remembered: int = 10_000
    clock: Callable[[], int] = time.monotonic_ns
    _full_at: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def take(self, key: str) -> int:
        """Take a token.

        Returns:
            0 if there was one; otherwise the seconds until there is one, and none is taken.
        """
        now, cost = self.clock(), self._cost
        full = max(self._full_at.get(key, now), now) + cost
        wait = full - cost * self.burst - now
        if wait > 0:
            return -(-wait // SECOND)
        self._full_at[key] = full
        self._full_at.move_to_end(key)
        for _ in range(2):  # two out for one in: it shrinks when it can, and no request pays for many
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] <= now or len(self._full_at) > self.remembered:
                del self._full_at[oldest]
        return 0

    def wait(self, key: str) -> int:
        """Seconds until there is a token; takes none."""
        now = self.clock()
        wait = self._full_at.get(key, now) + self._cost - self._cost * self.burst - now
        return max(0, -(-wait // SECOND))

    def __len__(self) -> int:
        """Keys remembered."""
        return len(self._full_at)

    @property
    def _cost(self) -> int:
        """Nanoseconds in which a token comes back."""
        return max(1, -int(-SECOND // self.per_second))


class Slot:
    """A place that is held; given back once, by `free` or at the end of a `with`."""

    __slots__ = ("_key", "_slots")

    def __init__(self, slots: Slots, key: str) -> None:
        self._slots: Slots | None = slots
        self._key = key

    def free(self) -> None:
        """Give it back; again does nothing."""
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.give(self._key)

    def __enter__(self) -> Slot:
        """Hold it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give it back."""
        self.free()


@dataclass(slots=True, eq=False)
class Slots:
    """So many at once for each tenant; only tenants that hold some are remembered.

    Attributes:
        at_once: Places of a tenant.
        what: What holds them, for the sentence of the refusal.
        again: Seconds after which to try again.
    """

    at_once: int
    what: str
    again: int = 5
    _held: dict[str, int] = field(default_factory=dict)

    def take(self, tenant: str, *, always: bool = False) -> Slot:
        """Take a place.

        Args:
            tenant: Whose.
            always: Also beyond the limit, for what was admitted before (a run that is taken up again after a restart).

        Raises:
            Problem: 429; all are taken.
        """
        held = self._held.get(tenant, 0)
        if held >= self.at_once and not always:
            raise too_many(f"{self.at_once} {self.what} of this tenant are open, which is the most at once", self.again)
        self._held[tenant] = held + 1
        return Slot(self, tenant)

    def give(self, tenant: str) -> None:
        """What `Slot.free` calls."""
        held = self._held[tenant] - 1
        if held:
            self._held[tenant] = held
        else:
            del self._held[tenant]

    def held(self, tenant: str) -> int:
        """Places that the tenant holds."""
        return self._held.get(tenant, 0)

    def __len__(self) -> int:
        """Tenants that hold a place."""
        return len(self._held)


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of the process."""

    requests: Rate
    failures: Rate
    strangers: Rate
    """Refusals of unknown callers that are written to the audit log: strangers must not be able to fill the disk with it."""
    running: Slots
    streams: Slots

    def request(self, tenant: str) -> None:
        """Count a tenant's request.

        Raises:
            Problem: 429; with the seconds to wait in Retry-After.
        """
        seconds = self.requests.take(tenant)
        if seconds:
            raise too_many("this tenant asks too often", seconds)


def open_limits(settings: LimitSettings, clock: Callable[[], int] = time.monotonic_ns) -> Limits:
    """Limits at which nothing is taken yet.

    Args:
        settings: How much.
        clock: Monotonic nanoseconds.
    """
    return Limits(
        requests=Rate(settings.requests_per_second, settings.burst, settings.remembered, clock),
        failures=Rate(settings.failures_per_second, settings.failures_burst, settings.remembered, clock),
        strangers=Rate(1.0, 100, 1, clock),
        running=Slots(settings.running, "consultations"),
        streams=Slots(settings.streams, "streams"),
    )

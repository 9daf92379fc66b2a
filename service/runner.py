"""Carries queued runs out: in this process now; a durable queue can stand behind the same port later."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic, time
from typing import Protocol

from yingzhi.service.execution import Engine, carry_out
from yingzhi.service.logs import noting
from yingzhi.service.store import leases
from yingzhi.service.store.leases import Lease, LeaseLost, Owner
from yingzhi.service.store.rows import Run

SWEEP = 1.0
"""Seconds between two looks for runs that another process left behind, or wants ended."""
RENEW = 5.0
"""Seconds between two renewals of the leases."""
EMBEDDED, MODELLED = 2, 256
"""Runs at once: the embedded engine only takes turns on the processor, a language model is waited for."""

Troubled = Callable[[BaseException], None]


class Runner(Protocol):
    """Carries runs out, each consultation's one after the other."""

    def submit(self, tenant: str, consultation: str) -> None:
        """A run of this consultation of the tenant's waits."""
        ...

    def cancel(self, tenant: str, consultation: str, runs: Iterable[str]) -> None:
        """End runs of this consultation whose `cancel` mark is set, at work here or not."""
        ...

    async def drain(self, seconds: float) -> None:
        """Take nothing new; give what is at work this long; leave the rest to the next process."""
        ...


@dataclass(slots=True)
class InProcessRunner:
    """Runs as tasks of this process's event loop. Tenants take turns, and so do a tenant's consultations, run by run.

    Attributes:
        engine: What runs are carried out with.
        owner: This process.
        at_once: Runs at work at the same time.
        troubled: Told of an exception that is no run's own.
    """

    engine: Engine
    owner: Owner
    at_once: int
    troubled: Troubled = field(default=lambda _error: None)
    _waiting: OrderedDict[str, OrderedDict[str, None]] = field(default_factory=OrderedDict)
    """By tenant, the consultations in line."""
    _again: dict[str, str] = field(default_factory=dict)
    """Consultations at work, with their tenant, of which more may wait."""
    _working: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _runs: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _leases: dict[Lease, asyncio.Task[None]] = field(default_factory=dict)
    _cancelled: set[str] = field(default_factory=set)
    _sweeper: asyncio.Task[None] | None = None
    _stopping: bool = False
    _stops_at: float = 0.0

    @property
    def queued(self) -> int:
        """Consultations that wait for their turn in this process."""
        return sum(map(len, self._waiting.values()))

    @property
    def working(self) -> int:
        """Consultations at work in this process."""
        return len(self._working)

    async def start(self) -> None:
        """Take up what an earlier process left, and look out for more."""
        await self._sweep()
        self._sweeper = asyncio.create_task(self._sweep_for_ever())

    def submit(self, tenant: str, consultation: str) -> None:
        """A run of this consultation of the tenant's waits."""
        if self._stopping:
            return
        if consultation in self._working:
            self._again[consultation] = tenant
        else:
            self._waiting.setdefault(tenant, OrderedDict())[consultation] = None
            self._pump()

    def cancel(self, tenant: str, consultation: str, runs: Iterable[str]) -> None:
        """End runs of this consultation whose `cancel` mark is set: those at work here, and those that wait before their turn comes."""
        for run in runs:
            self._break_off(run)
        if self._stopping:
            return
        self._again[consultation] = tenant
        if consultation not in self._working:
            self._waiting.get(tenant, OrderedDict()).pop(consultation, None)
            self._start(consultation, unwanted=True)

    def _break_off(self, run: str) -> None:
        if (task := self._runs.get(run)) is not None and run not in self._cancelled:
            self._cancelled.add(run)
            task.cancel()

    async def stop(self, consultation: str) -> None:
        """Break off what is at work on a consultation here, and wait until it is."""
        self._again.pop(consultation, None)
        for line in self._waiting.values():
            line.pop(consultation, None)
        if (task := self._working.get(consultation)) is not None:
            task.cancel()
            await asyncio.wait([task], timeout=5)

    async def drain(self, seconds: float) -> None:
        """Take nothing new; give what is at work this long; leave the rest to the next process."""
        if not self._stopping:  # told again it gives no more time
            self._stopping, self._stops_at = True, monotonic() + seconds
        self._waiting.clear()
        self._again.clear()
        if self._sweeper is not None:
            self._sweeper.cancel()
        working = list(self._working.values())
        if not working:
            return
        _, late = await asyncio.wait(working, timeout=max(0.0, self._stops_at - monotonic()))
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=2)

    def _pump(self) -> None:
        while len(self._working) < self.at_once and (consultation := self._next()):
            self._start(consultation)

    def _start(self, consultation: str, *, unwanted: bool = False) -> None:
        task = self._working[consultation] = asyncio.create_task(self._work(consultation, unwanted=unwanted))
        task.add_done_callback(lambda _done: self._done(consultation))

    def _next(self) -> str | None:
        """The consultation whose turn it is."""
        while self._waiting:
            tenant, line = self._waiting.popitem(last=False)
            if line:
                consultation, _ = line.popitem(last=False)
                self._waiting[tenant] = line
                return consultation
        return None

    def _done(self, consultation: str) -> None:
        task = self._working.pop(consultation)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.troubled(error)
        if tenant := self._again.pop(consultation, None):
            self.submit(tenant, consultation)
        self._pump()

    async def _work(self, consultation: str, *, unwanted: bool) -> None:
        """Carry out the consultation's next run, and end those behind it that somebody wants ended: they need no turn of their own."""
        tenant = ""
        while claimed := await self.engine.database.write(partial(self._claim, consultation, unwanted)):
            await self._carry_out(*claimed)
            tenant, unwanted = claimed[0].tenant, True
        if tenant:
            self.submit(tenant, consultation)

    def _claim(self, consultation: str, unwanted: bool, db: sqlite3.Connection) -> tuple[Run, Lease, sqlite3.Row] | None:
        return leases.claim(db, self.owner, consultation, time(), unwanted=unwanted)

    async def _carry_out(self, run: Run, lease: Lease, row: sqlite3.Row) -> None:
        database, task = self.engine.database, asyncio.current_task()
        assert task is not None
        self._runs[run.id] = self._leases[lease] = task
        try:
            if run.unwanted:
                self._cancelled.add(run.id)
            with noting(tenant=run.tenant, consultation=run.consultation, run=run.id):
                await carry_out(run, lease, row, self.engine, lambda: run.id in self._cancelled)
        except LeaseLost:
            return
        except BaseException as error:  # it was not ended, which lets go of the lease: the next process need not wait for it
            stops = isinstance(error, asyncio.CancelledError)
            await database.write(lambda db: leases.put_back(db, run.id, lease, at_once=stops))
            raise
        finally:
            self._runs.pop(run.id, None)
            self._leases.pop(lease, None)
            self._cancelled.discard(run.id)

    async def _sweep_for_ever(self) -> None:
        renewed = 0.0
        while True:
            await asyncio.sleep(SWEEP)
            try:
                if time() - renewed > RENEW:
                    renewed = time()
                    await self.engine.database.write(lambda db: leases.renew(db, self.owner, time()))
                await self._sweep()
            except Exception as error:  # a full disk may have room again; the look-out must not end
                self.troubled(error)

    async def _sweep(self) -> None:
        for tenant, consultation in await self.engine.database.read(lambda db: leases.waiting(db, time())):
            if consultation not in self._working:
                self.submit(tenant, consultation)
        for run in await self.engine.database.read(lambda db: leases.to_cancel(db)):
            self._break_off(run)
        held = list(self._leases)
        for lease in await self.engine.database.read(lambda db: leases.lost(db, held)):
            if (task := self._leases.get(lease)) is not None:
                task.cancel()

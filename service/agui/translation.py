"""Our events in AG-UI's words: steps, tool calls, reasoning and the state. What is open is closed again, whatever comes."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ag_ui.core import (
    BaseEvent,
    ReasoningEndEvent,
    ReasoningMessageContentEvent,
    ReasoningMessageEndEvent,
    ReasoningMessageStartEvent,
    ReasoningStartEvent,
    StateDeltaEvent,
    StepFinishedEvent,
    StepStartedEvent,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)

from yingzhi.graphs.events import (
    Event,
    ModelDelta,
    ModelReturned,
    RunStarted,
    SpecialistFinished,
    SpecialistStarted,
    ToolCalled,
    ToolReturned,
)
from yingzhi.service.agui.front import FrontState, moved, patch


@dataclass(slots=True)
class Translation:
    """One stream's translation.

    Attributes:
        prefix: What our message and tool call ids begin with: our id of the run, so that they are new in every run.
        state: The state as the front end has it.
        known: Ids of messages and tool calls that the front end has already; they are not sent twice.
    """

    prefix: str
    state: FrontState
    known: frozenset[str] = frozenset()
    steps: list[str] = field(default_factory=list)
    calls: dict[tuple[str, str], deque[str]] = field(default_factory=dict)
    thoughts: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Specialist to (section, message id) of the reasoning that is open."""
    count: int = 0

    def said(self, event: Event) -> Iterator[BaseEvent]:
        """What an event is in AG-UI: none, one or several."""
        if (say := _SAY.get(type(event))) is not None:
            yield from say(self, event)
        after = moved(self.state, event)
        if after is not self.state and (steps := patch(self.state, after)):
            yield StateDeltaEvent(delta=steps)  # type: ignore[arg-type]
        self.state = after

    def closed(self) -> Iterator[BaseEvent]:
        """Close what is open: a run may only finish then."""
        for specialist in list(self.thoughts):
            yield from self.silenced(specialist)
        for waiting in self.calls.values():
            for call in waiting:
                yield from self.answered(call, {"ok": False, "error": "not finished"})
        self.calls.clear()
        yield from (_step(name, opens=False) for name in self.steps)
        self.steps.clear()

    def silenced(self, specialist: str) -> Iterator[BaseEvent]:
        """Close a specialist's reasoning."""
        thought = self.thoughts.pop(specialist, None)
        if thought is not None and thought[1] not in self.known:
            yield ReasoningMessageEndEvent(message_id=thought[1])
            yield ReasoningEndEvent(message_id=thought[1])

    def answered(self, call: str, content: dict[str, Any]) -> Iterator[BaseEvent]:
        """What a tool gave: whether it went well and how long it took, never what it found."""
        if (message := f"{call}-result") not in self.known:
            yield ToolCallResultEvent(message_id=message, tool_call_id=call, content=json.dumps(content), role="tool")


def _step(name: str, *, opens: bool) -> BaseEvent:
    return StepStartedEvent(step_name=name) if opens else StepFinishedEvent(step_name=name)


def _begun(t: Translation, _: RunStarted) -> Iterator[BaseEvent]:
    yield from t.closed()  # a second attempt after its process was lost tells everything anew


def _opened(t: Translation, event: SpecialistStarted) -> Iterator[BaseEvent]:
    if event.specialist not in t.steps:
        t.steps.append(event.specialist)
        yield _step(event.specialist, opens=True)


def _ended(t: Translation, event: SpecialistFinished) -> Iterator[BaseEvent]:
    yield from t.silenced(event.specialist)
    if event.specialist in t.steps:
        t.steps.remove(event.specialist)
        yield _step(event.specialist, opens=False)


def _called(t: Translation, event: ToolCalled) -> Iterator[BaseEvent]:
    call = f"{t.prefix}-tool-{event.seq}"
    t.calls.setdefault((event.specialist, event.tool), deque()).append(call)
    if call in t.known:
        return
    yield ToolCallStartEvent(tool_call_id=call, tool_call_name=event.tool, parent_message_id=f"{t.prefix}-{event.specialist}")
    yield ToolCallArgsEvent(tool_call_id=call, delta=json.dumps({"specialist": event.specialist, "about": event.about}))
    yield ToolCallEndEvent(tool_call_id=call)


def _returned(t: Translation, event: ToolReturned) -> Iterator[BaseEvent]:
    if waiting := t.calls.get((event.specialist, event.tool)):
        content: dict[str, Any] = {"ok": event.ok, "milliseconds": event.milliseconds}
        yield from t.answered(waiting.popleft(), content if event.ok else {**content, "error": event.error})


def _thought(t: Translation, event: ModelDelta) -> Iterator[BaseEvent]:
    if event.specialist in t.thoughts and t.thoughts[event.specialist][0] != event.section:
        yield from t.silenced(event.specialist)
    begins = event.specialist not in t.thoughts
    if begins:
        t.count += 1
        t.thoughts[event.specialist] = (event.section, f"{t.prefix}-thought-{t.count}")
    message = t.thoughts[event.specialist][1]
    if message in t.known:
        return
    if begins:
        yield ReasoningStartEvent(message_id=message)
        yield ReasoningMessageStartEvent(message_id=message, role="reasoning")
    yield ReasoningMessageContentEvent(message_id=message, delta=event.text)


def _answered(t: Translation, event: ModelReturned) -> Iterator[BaseEvent]:
    yield from t.silenced(event.specialist)


_SAY: dict[type, Callable[[Translation, Any], Iterator[Any]]] = {
    RunStarted: _begun,
    SpecialistStarted: _opened,
    SpecialistFinished: _ended,
    ToolCalled: _called,
    ToolReturned: _returned,
    ModelDelta: _thought,
    ModelReturned: _answered,
}

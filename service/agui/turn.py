"""What a front end asks for, read from AG-UI's run input. Everything in it is data: names are looked up, words are a record's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from ag_ui.core import RunAgentInput
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import PydanticSerializationError

from yingzhi.clinical.consultation import Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Record
from yingzhi.service.problems import Problem, first_fault
from yingzhi.service.wire import CONSULTATION, PATIENT, pattern

NAME = 200
"""Characters of a client's name for a conversation or a run, at most."""
INTERRUPT = re.compile(r"(c_[0-9a-f]{32})\.([1-9][0-9]{0,8})")
OWN = "yingzhi"
HALVES = "it holds half a character"

Checked = TypeVar("Checked", bound=BaseModel)


class Options(Record):
    """`forwardedProps.yingzhi`: what a message can't say. Other members of forwardedProps are not read."""

    case: Presentation | None = Field(default=None, description="With a new case: everything but its text, which is the message.")
    patient_id: str | None = Field(default=None, pattern=pattern(PATIENT), description="With a new case: id from `POST /patients`.")
    on_disconnect: Literal["cancel", "continue"] = Field(
        default="cancel", description="What becomes of the run when the front end leaves before it has ended."
    )


@dataclass(frozen=True, slots=True)
class Begin:
    """A new case."""

    case: Presentation
    patient_id: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """An act on the revision that asked for it."""

    consultation: str
    revision: int
    review: Review


@dataclass(frozen=True, slots=True)
class Abandon:
    """The front end turns away from what it was asked; the consultation goes on waiting."""

    consultation: str


@dataclass(frozen=True, slots=True)
class Come:
    """The front end names one of our consultations: to look, or with more of the record."""

    consultation: str
    note: str


Turn = Begin | Reply | Abandon | Come


def options_of(given: RunAgentInput) -> Options:
    """Our own member of forwardedProps.

    Raises:
        Problem: 422; it is not as it should be.
    """
    props = given.forwarded_props
    own = props.get(OWN) if isinstance(props, dict) else None
    return Options() if own is None else _checked(Options, own, f"forwardedProps.{OWN}")


def turn_of(given: RunAgentInput, options: Options) -> Turn:
    """What is asked for.

    Raises:
        Problem: 422, naming the member of the run input; what stood there is not repeated.
    """
    for field, name in (("threadId", given.thread_id), ("runId", given.run_id)):
        if not 0 < len(name) <= NAME:
            raise _wrong(field, f"between 1 and {NAME} characters are expected")
        _whole(name, field)
    if given.resume:
        return _resumed(given)
    note = _whole(_last_words(given), "messages")
    if re.fullmatch(pattern(CONSULTATION), given.thread_id):
        return Come(given.thread_id, note)
    case = options.case or Presentation()
    if case.text:
        raise _wrong(f"forwardedProps.{OWN}.case.text", "the text of a case is the user's message")
    if not note:
        raise _wrong("messages", "the last message must be the user's and hold text")
    unnamed = Presentation.model_fields["id"].default  # a caller's name for a case never enters
    return Begin(case.model_copy(update={"id": unnamed, "text": note}), options.patient_id)


def known_to(given: RunAgentInput) -> frozenset[str]:
    """Ids of the messages and tool calls that the front end has already."""
    calls = [call.id for message in given.messages for call in getattr(message, "tool_calls", None) or ()]
    return frozenset([*(message.id for message in given.messages), *calls])


def _resumed(given: RunAgentInput) -> Turn:
    entries = given.resume or []
    if len(entries) > 1:
        raise _wrong("resume", "one answer to one interrupt is expected")
    entry = entries[0]
    found = INTERRUPT.fullmatch(entry.interrupt_id)
    if found is None:
        raise _wrong("resume.0.interruptId", "this is not an interrupt of ours")
    consultation, revision = found[1], int(found[2])
    if re.fullmatch(pattern(CONSULTATION), given.thread_id) and given.thread_id != consultation:
        raise _wrong("resume.0.interruptId", "the interrupt is another consultation's")
    if entry.status == "cancelled":
        return Abandon(consultation)
    if isinstance(entry.payload, str):
        return Reply(consultation, revision, _checked(Review, {"action": "answer", "note": entry.payload}, "resume.0.payload"))
    return Reply(consultation, revision, _checked(Review, entry.payload, "resume.0.payload"))


def _last_words(given: RunAgentInput) -> str:
    """The text of the last message, if a user wrote it; parts that are not text can't be used and are passed over."""
    last = given.messages[-1] if given.messages else None
    if last is None or last.role != "user":
        return ""
    parts = [last.content] if isinstance(last.content, str) else [p.text for p in last.content if p.type == "text"]
    return "\n".join(parts).strip()


def _checked(model: type[Checked], value: Any, place: str) -> Checked:
    try:
        checked = model.model_validate(value)
        checked.model_dump_json()
    except ValidationError as error:
        field, sentence = first_fault(list(error.errors()))
        raise _wrong(f"{place}.{field}".rstrip("."), sentence) from None
    except PydanticSerializationError:
        raise _wrong(place, HALVES) from None
    return checked


def _whole(text: str, field: str) -> str:
    """JSON can spell half a character (a surrogate alone), which nothing can be written with."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _wrong(field, HALVES) from None
    return text


def _wrong(field: str, sentence: str) -> Problem:
    return Problem(422, "The request is not as it should be", sentence, field=field)

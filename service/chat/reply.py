"""The reply to a turn, piece by piece: progress while the run goes on, then the result."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.words import Language
from yingzhi.graphs.events import EVENT, RunFailed
from yingzhi.service.chat import words
from yingzhi.service.chat.admission import Begun
from yingzhi.service.chat.progress import Progress, progress_line
from yingzhi.service.chat.turns import Reference
from yingzhi.service.chat.wire import Usage
from yingzhi.service.consultations import Consultations
from yingzhi.service.feeds import Told
from yingzhi.service.following import TERMINAL
from yingzhi.service.identity import Principal
from yingzhi.service.markdown import markdown_blocks
from yingzhi.service.problems import Problem
from yingzhi.service.wire import View


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of the reply: progress, or the answer itself."""

    text: str
    kind: Literal["progress", "answer"] = "answer"


@dataclass(slots=True)
class Attended:
    """A run that is followed for a reader.

    Attributes:
        begun: The run.
        over: It has ended, or the service stops: the reader's leaving ends nothing any more.
    """

    begun: Begun
    over: bool = False


async def narrate(run: Attended, consultations: Consultations, who: Principal, progress: Progress) -> AsyncGenerator[Piece | Usage]:
    """The reply to a run.

    Args:
        run: The run; noted there is when it is over.
        consultations: Where it is followed.
        who: Who asks.
        progress: How progress is shown.

    Raises:
        Problem: The run failed, or was cancelled by somebody, or the service stops.
    """
    begun, last = run.begun, None
    frame = Frame(progress, begun)
    yield Piece(frame.opening(), "progress")
    async with aclosing(_told(consultations, begun)) as events:
        async for told in events:
            last = told
            if line := progress_line(told, begun.language):
                yield Piece(frame.line(line), "progress")
    run.over = True
    yield Piece(frame.closing(), "progress")
    if last is None or last[1] not in TERMINAL:
        raise Problem(503, "The service is being stopped", words.STOPPED.say(begun.language), headers={"Retry-After": "5"})
    if last[1] == "run.failed":
        raise _failure(last)
    view = await consultations.view(who, begun.admitted.id)
    for text in reply_blocks(view, begun):
        yield Piece(text)
    yield usage_of(view.result)


async def _told(consultations: Consultations, begun: Begun) -> AsyncGenerator[Told]:
    async with aclosing(consultations.follow(begun.admitted.run, 0)) as events:
        async for told in events:
            yield told


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around progress, so that it reads as such."""

    progress: Progress
    begun: Begun

    def opening(self) -> str:
        """Said at once; names the consultation, so that a reply that breaks off can be gone on with."""
        language, name = self.begun.language, Reference(self.begun.admitted.id).text()
        first = f"{(words.GOES_ON if self.begun.follows else words.OPENED).say(language)} {name}"
        if self.progress == "details":
            return f"{first}\n\n<details>\n<summary>{words.PROGRESS.say(language)}</summary>\n\n"
        return f"> {first}\n>\n" if self.progress == "quote" else f"{first}\n\n"

    def line(self, text: str) -> str:
        """A line of progress."""
        return f"> - {text}\n" if self.progress == "quote" else f"- {text}\n"

    def closing(self) -> str:
        """Behind the last line."""
        return "\n</details>\n\n" if self.progress == "details" else "\n"


def reply_blocks(view: View, begun: Begun) -> Iterator[str]:
    """The result, part by part, and at the end the line that says which consultation it is."""
    language: Language = view.result.lang if view.result else begun.language
    if begun.unread:
        yield f"{words.NOT_READ.say(language)}\n\n"
    if view.result is not None:
        part = ""
        for block in markdown_blocks(view.result, changed=begun.follows):
            if block.startswith("## ") and part:
                yield part
                part = ""
            part += f"{block}\n\n"
        yield part
    path = words.acts_path(view.id)
    yield f"---\n\n{words.GO_ON.say(language).format(path)}\n\n{Reference(view.id, view.revision).text()}\n"


def usage_of(result: Consultation | None) -> Usage:
    """Tokens of the models that were asked."""
    used = result.model_use if result else []
    return Usage(sum(u.tokens_in for u in used), sum(u.tokens_out for u in used))


def _failure(told: Told) -> Problem:
    event = EVENT.validate_json(told[2])
    reason = event.reason if isinstance(event, RunFailed) else ""
    if reason == "cancelled":
        return Problem(409, "The consultation was cancelled", "nothing was added to it")
    return Problem(500, "The consultation failed", f"{reason}; nothing has been checked")


async def only_said(text: str) -> AsyncGenerator[Piece | Usage]:
    """An answer in words, for which nothing ran."""
    yield Piece(text)
    yield Usage()

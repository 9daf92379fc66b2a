"""What a turn of the conversation leads to: a new consultation, words added to one, or only an answer in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yingzhi.clinical.consultation import Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Language
from yingzhi.service.chat import words
from yingzhi.service.chat.turns import Reference, Turn
from yingzhi.service.consultations import Consultations
from yingzhi.service.context import Context
from yingzhi.service.identity import Principal
from yingzhi.service.problems import Problem
from yingzhi.service.wire import Act, Admitted, NewConsultation
from yingzhi.tools.intake.check import LONGEST
from yingzhi.tools.text import is_chinese

SIGNS = re.compile(
    r"(?:(?:please|now|i|we)\s+)*(?:sign|approve|reject)(?:\s+(?:it|this|that|off|the|draft|drafts|record|document|consultation|now|please))*"
    r"|(?:请|我|帮我|现在|确认)*(?:签名|签字|签署|签发|审核通过|退回|驳回)(?:文书|病历|草稿|本次会诊|吧)*",
    re.IGNORECASE,
)
SHORT = 60
SIGNS_END = " \t\n.!?。！？"


@dataclass(frozen=True, slots=True)
class Said:
    """Only an answer in words; nothing runs."""

    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that was taken in.

    Attributes:
        admitted: The run.
        language: For what is said before there is a result.
        follows: It adds to a consultation that has a result.
        unread: Something of the turn was not read.
    """

    admitted: Admitted
    language: Language
    follows: bool
    unread: bool


async def take_in(turn: Turn, here: Context, who: Principal, language: Language | None, key: str | None) -> Said | Begun:
    """Take the turn in.

    Args:
        turn: The user's.
        here: The process's context.
        who: Who asks; of which tenant a consultation is, is checked with it.
        language: The model's; None is that of the words.
        key: Idempotency-Key of a new consultation.

    Raises:
        Problem: As `Consultations` raises them, and 422 for words that are too long.
    """
    spoken = language or ("zh" if is_chinese(turn.told) else "en")
    if not turn.text:
        line = words.NOT_READ.say(spoken) if turn.unread else words.NO_WORDS.say(spoken)
        return Said(_with_reference(line, turn.reference), spoken)
    if turn.reference is not None:
        followed = await _follow_up(turn, turn.reference, here.consultations, who, spoken)
        if followed is not None:
            return followed
    text = turn.text if turn.reference is None else turn.told  # a first run that came to nothing is begun again with all that was said
    case = Presentation(text=_bounded(text), lang=language, setting=here.settings.engine.setting)
    admitted = await here.consultations.create(who, NewConsultation(case=case), key=key)
    return Begun(admitted, spoken, follows=False, unread=turn.unread)


async def _follow_up(
    turn: Turn, reference: Reference, consultations: Consultations, who: Principal, spoken: Language
) -> Said | Begun | None:
    view = await consultations.view(who, reference.consultation)
    language = view.result.lang if view.result else spoken
    if view.status == "finished":
        return Said(_with_reference(words.OVER.say(language), reference), language)
    if not view.revision and view.status in {"failed", "cancelled"}:
        return None
    if len(turn.text) <= SHORT and SIGNS.fullmatch(turn.text.strip(SIGNS_END)):
        path = words.acts_path(reference.consultation)
        return Said(_with_reference(words.NOT_HERE.say(language).format(path), reference), language)
    act = Act(review=Review(action="answer", note=_bounded(turn.text)), revision=reference.revision)
    try:
        admitted = await consultations.act(who, reference.consultation, act)
    except Problem as problem:
        if problem.status == 409 and problem.field == "revision":
            why = words.OVERTAKEN.say(language).format(problem.more.get("revision"))
            raise Problem(409, "The reply was overtaken", why, field="messages") from None
        raise
    return Begun(admitted, language, follows=True, unread=turn.unread)


def _with_reference(line: str, reference: Reference | None) -> str:
    """So that the next turn knows the consultation still."""
    return line if reference is None else f"{line}\n\n{reference.text()}"


def _bounded(text: str) -> str:
    if len(text) > LONGEST:
        raise Problem(422, "The case can't be worked on", f"longer than {LONGEST:,} characters", field="messages")
    return text

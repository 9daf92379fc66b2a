"""What a conversation asks for: its newest words, the consultation that it is about, what can't be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yingzhi.service.chat.wire import Message
from yingzhi.service.problems import Problem

REFERENCE = re.compile(r"`yingzhi:consultation/(c_[0-9a-f]{32})(?:@([0-9]{1,9}))?`")
"""The line by which a reply says which consultation it is about. Escaped data never looks like it: see `markdown/escape.py`."""
IDENTIFIER = re.compile(r"c_[0-9a-f]{32}")
TASK, CONTEXT, CONTEXT_ENDS = "### Task:", "<context>", "</context>"
"""How a front end puts attached files, with instructions to a model, before what the user wrote."""
QUERY, QUERY_ENDS = "<user_query>", "</user_query>"


@dataclass(frozen=True, slots=True)
class Reference:
    """A consultation, and the revision that a reply showed."""

    consultation: str
    revision: int | None = None

    def text(self) -> str:
        """As it stands in a reply."""
        at = "" if self.revision is None else f"@{self.revision}"
        return f"`yingzhi:consultation/{self.consultation}{at}`"


@dataclass(frozen=True, slots=True)
class Turn:
    """The user's turn.

    Attributes:
        text: What was written since the last reply.
        told: Everything the user wrote in the conversation.
        reference: The consultation that the last replies are about.
        unread: Something came along that is not text.
    """

    text: str
    told: str
    reference: Reference | None
    unread: bool


def read_turn(messages: Sequence[Message], named: str | None = None) -> Turn:
    """Read a conversation. Instructions of the front end to a model (system, developer) are nobody's words here.

    Args:
        messages: As they came.
        named: Id of a consultation that the request itself names.

    Raises:
        Problem: 400; the user has written nothing since the last reply, or the id is none.
    """
    spoken = [m for m in messages if m.role in {"user", "assistant"}]
    if not spoken or spoken[-1].role != "user":
        raise Problem(400, "The request is not as it should be", "the last message has to be the user's", field="messages")
    replies = [n for n, m in enumerate(spoken) if m.role == "assistant" and m.text().strip()]
    newest = spoken[replies[-1] + 1 if replies else 0 :]
    users = [m for m in newest if m.role == "user"]
    if named is not None and not IDENTIFIER.fullmatch(named):
        raise Problem(400, "The request is not as it should be", "not the id of a consultation", field="metadata.consultation")
    return Turn(
        text=_words(users),
        told=_words([m for m in spoken if m.role == "user"]),
        reference=Reference(named) if named is not None else _reference([spoken[n] for n in replies]),
        unread=any(m.unread() or with_files(m.text()) for m in users),
    )


def _reference(replies: Sequence[Message]) -> Reference | None:
    for reply in reversed(replies):
        if found := REFERENCE.findall(reply.text()):
            consultation, revision = found[-1]
            return Reference(consultation, int(revision) or None if revision else None)
    return None


def _words(messages: Sequence[Message]) -> str:
    return "\n".join(words for m in messages if (words := behind_files(m.text()).strip()))


def behind_files(text: str) -> str:
    """What the user wrote, without the files that a front end put before it."""
    if not with_files(text):
        return text
    rest = text[text.rindex(CONTEXT_ENDS) + len(CONTEXT_ENDS) :]
    if QUERY in rest and QUERY_ENDS in rest:
        return rest.partition(QUERY)[2].partition(QUERY_ENDS)[0]
    return rest


def with_files(text: str) -> bool:
    """Whether a front end put files before what the user wrote."""
    return text.startswith(TASK) and CONTEXT_ENDS in text and CONTEXT in text

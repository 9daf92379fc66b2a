"""What front ends ask for in the background: titles, tags, suggestions. They get an answer, and no consultation is made of them."""

from __future__ import annotations

import json
import re

from yingzhi.clinical.words import Language, Text
from yingzhi.service.chat.turns import with_files
from yingzhi.tools.text import HAN

OPENING = re.compile(
    r"\s*(?:### Task:|Your task is to reflect the speaker's likely facial expression"
    r"|You have been provided with a set of responses from various models"
    r"|(?:Please )?(?:provide|generate) a concise, 5-word-or-less title"
    r"|Analyze this conversation and provide:\s*1\. The detected language)",
    re.IGNORECASE,
)
KEY = re.compile(r'"(title|tags|follow_ups|queries|text|prompt|tool_calls)"\s*:')
LEADING = re.compile(r"^\| 1 \| ([^|\n]{1,60}) \|", re.MULTILINE)
"""First row of the differential as `markdown/diagnoses.py` writes it."""
TITLE = Text(en="Consultation", zh="会诊")
LIKELY = Text(en="Consultation: {}?", zh="会诊：{}？")


def is_task(text: str) -> bool:
    """Whether a front end asks on its own account; attached files in front of a user's words are no such thing."""
    return OPENING.match(text) is not None and not with_files(text)


def answer_task(text: str, language: Language | None) -> str:
    """The answer, in the form that is asked for.

    Args:
        text: The request, with the conversation in it.
        language: The model's; None takes that of the conversation.
    """
    chat = text.partition("<chat_history>")[2] or text
    language = language or ("zh" if len(HAN.findall(chat)) > 20 else "en")
    leading = LEADING.search(chat)
    title = LIKELY.say(language).format(leading[1]) if leading else TITLE.say(language)
    empty = {"title": title, "tags": [], "follow_ups": [], "queries": [], "text": "", "prompt": "", "tool_calls": []}
    key = KEY.search(text.partition("<chat_history>")[0])
    return json.dumps({key[1]: empty[key[1]]}, ensure_ascii=False) if key else title

"""Whether a vaccine that a note names counts beside the drugs: one planned or just given does, one of years ago is history."""

from __future__ import annotations

import re

PLANNED = re.compile(
    r"拟|计划|打算|准备|要求|想|欲|预约|安排|能否|可否|能不能|可不可以|是否(?:可|能|需)|建议|应(?:予)?接种|明[天日]|下周|下个?月|即将"
    r"|\b(?:plan\w*|intend\w*|wants?|wish\w*|would like|due|booked|book|schedul\w*|going to|about to|asks?|asked|request\w*|offered"
    r"|advis\w*|recommend\w*|should|needs?|next (?:week|month|autumn|spring)|tomorrow"
    r"|consider\w*|to be given|before (?:travel\w*|the trip))\b",
    re.IGNORECASE,
)
RECENT = re.compile(
    r"(?:\d+|[一两二三四五六七八九十数几])\s*(?:余|多)?\s*(?:天|日|周|星期)前|昨[天日]|今[天日晨]|刚刚?|近期|最近|上周|日前|近日"
    r"|\b(?:(?:\d+|an?|one|two|three|four|five|six|seven|eight|ten|few|several)\s+(?:days?|weeks?)\s+ago|yesterday|today|recent(?:ly)?"
    r"|last week|this week|just had|just given)\b",
    re.IGNORECASE,
)
ENDS = re.compile(r"[。；;！？!?\n]|\.(?=\s|$)")


def vaccine_counts(text: str, start: int, end: int) -> bool:
    """Whether the sentence round a vaccine's name has it planned, advised or given within days or weeks.

    Args:
        text: The note.
        start: First character of the name.
        end: One past its last.

    Returns:
        False for a vaccine of years ago or of every autumn, which meets no drug of today.
    """
    first = max((m.end() for m in ENDS.finditer(text, 0, start)), default=0)
    stop = ENDS.search(text, end)
    sentence = text[first : stop.start() if stop else len(text)]
    return bool(PLANNED.search(sentence) or RECENT.search(sentence))

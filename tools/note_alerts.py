"""What the doctor should know of the note as a text: another script, a word or two, findings that contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.words import Span, Text
from yingzhi.knowledge.models import FindingTerm
from yingzhi.tools.extraction import Mention
from yingzhi.tools.scripts import other_script
from yingzhi.tools.text import tokenize

FEWEST_WORDS = 3
FEWEST_CHARACTERS = 6
"""A note of fewer English words or Chinese characters is a catchword."""
ONE_ANSWER = frozenset({"systemic", "lab", "immunofluorescence", "microbiology"})
"""Kinds of which a patient either has one or not, so that a note that says both contradicts itself. A lesion may be here and not there, an
itch come and go."""


def note_alerts(text: str, mentions: Iterable[Mention], terms: Mapping[str, FindingTerm]) -> list[Alert]:
    """Alerts about the note itself.

    Args:
        text: The note.
        mentions: What was read in it.
        terms: All findings by id.
    """
    return [*_script(text), *_catchword(text), *_contradictions(text, list(mentions), terms)]


def _alert(name: str, title: Text, why: Text, spans: list[Span]) -> Alert:
    return Alert(id=name, kind="record", level="warning", title=title, why=why, spans=spans)


def _script(text: str) -> list[Alert]:
    found = other_script(text)
    if found is None:
        return []
    return [
        _alert(
            "note-in-another-script",
            Text(en=f"The note is written in {found.name.en}", zh=f"病历使用{found.name.zh}书写"),
            Text(
                en="Only Chinese and English are read; the rest was left out. Have it translated before relying on the result.",
                zh="系统仅识别中文与英文，其余文字未被读取；请翻译后再使用结果。",
            ),
            [Span(source="note", start=found.start, end=found.end, text=text[found.start : found.end])],
        )
    ]


def _catchword(text: str) -> list[Alert]:
    words = [t.text for t in tokenize(text[:200]) if any(c.isalnum() for c in t.text)]
    chinese = sum(1 for w in words if "一" <= w[0] <= "鿿")
    if chinese >= FEWEST_CHARACTERS or len(words) - chinese >= FEWEST_WORDS or chinese + 2 * (len(words) - chinese) >= FEWEST_CHARACTERS:
        return []
    return [
        _alert(
            "note-too-short",
            Text(en="The note is a word or two", zh="病历仅有一两个词"),
            Text(
                en="Age, site, duration, course and what was seen are missing; a ranking rests on the prior alone.",
                zh="缺少年龄、部位、病程、演变及查体所见，排序几乎仅凭患病率。",
            ),
            [],
        )
    ]


def _contradictions(text: str, mentions: list[Mention], terms: Mapping[str, FindingTerm]) -> list[Alert]:
    now = [m for m in mentions if m.id in terms and m.experiencer == "patient" and m.temporality == "current" and not m.hypothetical]
    there = {m.id: m for m in reversed(now) if m.status == "present"}
    missing = {m.id: m for m in reversed(now) if m.status == "absent"}
    both = [(m, missing[i]) for i, m in there.items() if i in missing and terms[i].kind in ONE_ANSWER and _same(text, m, missing[i])]
    if not both:
        return []
    names = [terms[one.id].names for one, _ in both]
    return [
        _alert(
            "note-contradicts-itself",
            Text(en="The note contradicts itself: " + "; ".join(n.en for n in names), zh="病历前后矛盾：" + "、".join(n.zh for n in names)),
            Text(
                en="It is said both ways; what was said to be there was taken as seen. Ask again.",
                zh="同一项既记有又记无，已按“有”处理；请核实。",
            ),
            [Span(source="note", start=m.start, end=m.end, text=text[m.start : m.end]) for pair in both for m in pair],
        )
    ]


def _same(text: str, one: Mention, other: Mention) -> bool:
    """Whether two mentions use one word: a finding may gather things of which one is there and another not."""
    a, b = text[one.start : one.end].lower(), text[other.start : other.end].lower()
    return a in b or b in a

"""A drug-eruption timeline in the terminal: one bar a drug, days against the onset."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from yingzhi.cli.render import wrap
from yingzhi.clinical.eruption import EruptionCase, EruptionTimeline, Suspect
from yingzhi.clinical.words import Language

BAR = 40
NAME = 24
WORDS = {
    "zh": {
        "axis": "天（0 = 发疹）", "window": "常见潜伏期", "now": "现在", "again": "再用药", "test": "检查",
        "avoid": "若为致病药，避免", "missing": "尚缺", "unknown": "未识别，未排入时间线", "order": "分", "range": "第{:g}–{:g}天",
        "foot": "评分只用于排序，不能据此继续可疑药物；由医师决定。",
    },
    "en": {
        "axis": "days (0 = onset)", "window": "usual latency", "now": "Now", "again": "Again?", "test": "Tests",
        "avoid": "If it is the cause, avoid", "missing": "Still missing", "unknown": "not recognised, not placed", "order": "points",
        "range": "day {:g} to {:g}", "foot": "Scores only order suspicion; none is leave to go on with a suspect. The doctor decides.",
    },
}  # fmt: skip


def render_timeline(timeline: EruptionTimeline, case: EruptionCase, lang: Language, width: int = 100) -> str:
    """The timeline as text.

    Args:
        timeline: What was found.
        case: What it was made from.
        lang: Language of all words.
        width: Columns.
    """
    return "\n".join(line.rstrip() for line in _lines(timeline, case, lang, width)) + "\n"


def _lines(timeline: EruptionTimeline, case: EruptionCase, lang: Language, width: int) -> Iterator[str]:
    w = WORDS[lang]
    yield f"{timeline.names.say(lang)}  {w['window']} {w['range'].format(*timeline.typical)}"
    span = _span(timeline)
    after = max(1.0, case.onset_days_ago)
    yield f"{' ' * NAME}{f'-{span:g}':<{BAR}}0  {w['axis']}"
    for suspect in timeline.suspects:
        score = suspect.alden.band.text.say(lang) if suspect.alden and suspect.alden.band else ""
        label = f"ALDEN {suspect.points:g} {score}" if suspect.alden else f"{suspect.points:g} {w['order']}"
        yield f"{_padded(suspect.names.say(lang))}{_bar(suspect, span, after)}  {label}"
        for line in wrap(("；" if lang == "zh" else "; ").join(t.say(lang) for t in suspect.why), width - NAME - 2).split("\n"):
            yield " " * NAME + line.strip()
    for one in timeline.unknown:
        yield f"? {one.name}: {w['unknown']}"
    yield ""
    blocks = [
        (w["now"], timeline.now),
        (w["again"], [timeline.rechallenge]),
        (w["test"], [timeline.testing]),
        (w["missing"], timeline.missing),
    ]
    top = timeline.suspects[0] if timeline.suspects else None
    if top is not None and top.avoid:
        blocks.insert(2, (f"{w['avoid']} ({top.names.say(lang)})", top.avoid))
    for head, texts in blocks:
        if texts:
            yield head
            for text in texts:
                yield from ("  " + line for line in wrap("· " + text.say(lang), width - 2).split("\n"))
    yield w["foot"]


def _span(timeline: EruptionTimeline) -> float:
    """Days shown before the onset: the usual window and the suspects within three times of it."""
    far = [
        s.latency_days for s in timeline.suspects if s.latency_days is not None and 0 < s.latency_days <= 3 * max(14.0, timeline.typical[1])
    ]
    return max(14.0, timeline.typical[1], *far) if far else max(14.0, timeline.typical[1])


def _bar(suspect: Suspect, span: float, after: float) -> str:
    """From the first dose to the last, a bar; `◀` where it began earlier, `?` where that is not recorded, `│` for the onset."""
    tail = "│"
    if suspect.latency_days is None:
        return f"{'?' * 3:>{BAR}}{tail}"
    if suspect.fit == "after":
        return f"{'':>{BAR}}{tail}{'█' * 2}"
    begin = round(BAR * max(0.0, 1 - suspect.latency_days / span))
    end = BAR if suspect.stopped_before_days is None else round(BAR * max(0.0, 1 - suspect.stopped_before_days / span))
    body = " " * begin + "█" * max(1, end - begin)
    body = ("◀" + body[1:]) if suspect.latency_days > span else body
    return f"{body[:BAR]:<{BAR}}{tail}{'██' if suspect.stopped_before_days is None and after > 0 else ''}"


def _padded(name: str) -> str:
    while cell_len(name) > NAME - 1:
        name = name[:-1]
    return name + " " * (NAME - cell_len(name))

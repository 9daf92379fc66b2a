"""The definitions as tables for a reader: the documentation is made from them, so that it cannot differ."""

from __future__ import annotations

from collections.abc import Iterator

from yingzhi.clinical.citation import Citation
from yingzhi.clinical.score import Grid, Item, Scale, Score
from yingzhi.clinical.words import Language
from yingzhi.tools.scores.catalogue import SCORES
from yingzhi.tools.scores.compute import band_range

HEAD = {
    "en": ("Score", "What it measures", "Inputs", "Range", "Bands", "Source"),
    "zh": ("评分", "评估内容", "输入项", "范围", "分级", "来源"),
}
WORDS = {
    "en": {
        "formula": "Computation", "note": "Note", "rights": "Rights", "sources": "Sources", "no_bands": "none given (see the note)",
        "yes_no": "yes or no", "each": " x ",
    },
    "zh": {
        "formula": "计算", "note": "说明", "rights": "版权", "sources": "来源", "no_bands": "未列（见说明）",
        "yes_no": "是/否", "each": "×",
    },
}  # fmt: skip


def document(language: Language) -> str:
    """Every score: one table over all, then a section for each with its formula, notes and sources. Markdown."""
    scores = sorted(SCORES.values(), key=lambda score: score.short.casefold())
    head = HEAD[language]
    lines = [_row(head), _row(("---",) * len(head)), *(_row(_cells(score, language)) for score in scores), ""]
    return "\n".join([*lines, *(line for score in scores for line in _section(score, language))])


def reach(score: Score) -> str:
    """The range of a score: `0–72`."""
    high = f"{score.maximum:g}" if score.maximum is not None else "∞"
    return f"{score.minimum:g}{'…' if score.minimum < 0 else '–'}{high}{f' {score.unit}' if score.unit else ''}"


def bands(score: Score, scale: Scale, language: Language) -> str:
    """The bands of a scale on one line: `0–5 mild · ≥6 severe`."""
    return " · ".join(f"{band_range(score, scale, n)} {band.label.say(language)}" for n, band in enumerate(scale.bands))


def cite(source: Citation) -> str:
    """A source on one line, with what identifies it."""
    named = f"PMID {source.pmid}" if source.pmid else ""
    found = ", ".join(one for one in (f"doi:{source.doi}" if source.doi else "", named) if one) or source.url
    return f"{source.body.rstrip('.')}. {source.title}.{f' {source.year}.' if source.year else ''}{f' {found}' if found else ''}"


def _cells(score: Score, language: Language) -> tuple[str, ...]:
    between = "；" if language == "zh" else "; "
    inputs = between.join(_entry(entry, language) for entry in score.layout)
    first = bands(score, score.scales[0], language) if score.scales else WORDS[language]["no_bands"]
    link, source = f"[{score.short}](#{score.id}) `{score.id}`", score.sources[0]
    return link, score.measures.say(language), inputs, reach(score), first, f"{source.body}, {source.year or source.url}"


def _entry(entry: Item | Grid, language: Language) -> str:
    if not isinstance(entry, Grid):
        return f"{entry.label.say(language)} ({_takes(entry, language)})"
    columns = ", ".join(f"{column.label.say(language)} ({_takes(column, language)})" for column in entry.columns)
    return f"{entry.label.say(language)}{WORDS[language]['each']}[{columns}]"


def _takes(item: Item, language: Language) -> str:
    if item.kind == "flag":
        return WORDS[language]["yes_no"]
    if item.kind == "choice":
        return "/".join(str(choice.value) for choice in item.choices)
    return f"{item.minimum:g}–{item.maximum:g}{f' {item.unit}' if item.unit else ''}"


def _section(score: Score, language: Language) -> Iterator[str]:
    words = WORDS[language]
    yield from (f'<a id="{score.id}"></a>', "", f"## {score.short}: {score.names.say(language)}", "")
    yield f"- {words['formula']}: {score.formula_text.say(language)}"
    for scale in score.scales:
        yield f"- {scale.name.say(language)} [{scale.source}]: {bands(score, scale, language)}"
    yield f"- {words['note']}: {score.note.say(language).strip()}"
    if score.rights:
        yield f"- {words['rights']}: {score.rights.say(language)}"
    yield from (f"- {words['sources']}:", *(f"  - [{source.id}] {cite(source)}" for source in score.sources), "")


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

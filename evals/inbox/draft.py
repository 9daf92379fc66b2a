"""The draft of a gold case, as far as a reviewed consultation gives it; what it can't know is a TODO that no check lets through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import yaml

from yingzhi.clinical.words import Language
from yingzhi.evals.cases import LANGUAGES, SCHEMA_LINE
from yingzhi.evals.inbox.changes import Confirmed
from yingzhi.tools.text import simplify

if TYPE_CHECKING:
    from yingzhi.evals.inbox.queue import Candidate

TODO = "TODO"
MISSING: dict[Language, str] = {"en": "TODO：待写成英文", "zh": "TODO: to be written in Chinese"}
"""Each is in the wrong language on purpose, so that the check of gold cases calls the translation missing."""
REMARK = "#:"
"""Begins a line that is for whoever finishes the draft, and goes when it is accepted."""


class Note(str):
    """A text that keeps its lines in YAML."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes notes as blocks."""


_Dumper.add_representer(Note, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|"))


def draft(candidate: Candidate) -> str:
    """The draft as YAML, in the form of the gold cases.

    Args:
        candidate: A candidate, de-identified already.
    """
    body = yaml.dump(_case(candidate), Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=None, width=140)
    return "\n".join([SCHEMA_LINE, *(f"{REMARK} {line}" for line in _remarks(candidate)), body])


def _case(c: Candidate) -> dict[str, Any]:
    case = c.presentation
    began = len(case.reports) - c.later_reports
    read, hidden = _split(c.findings)
    given: dict[str, Any] = {
        "id": TODO,
        "title": dict(MISSING),
        "tags": {"commonness": TODO, "age": _age_group(c.age), "groups": []},
        "patient": case.patient.model_dump(exclude_defaults=True),
        "setting": case.setting,
        "medications": [m.model_dump(exclude_defaults=True) for m in case.medications],
        "note": _note(case.text, c.lang),
        "reports": [{**r.model_dump(exclude_defaults=True), "text": _own(r.text, c.lang)} for r in case.reports[:began]],
        "opening": dict(MISSING),
        "hidden": {f.finding: f.status for f in hidden},
        "results": {r.test: _own(r.text, c.lang) for r in case.reports[began:] if r.test},
        "expected": {
            "diagnosis": [TODO],
            "findings": [_finding(f, c.lang, case.text) for f in read] or [{"finding": TODO}],
        },
        "sources": [TODO],
    }
    return {key: value for key, value in given.items() if value or key == "hidden"}


def _split(findings: Iterable[Confirmed]) -> tuple[list[Confirmed], list[Confirmed]]:
    """What was to be read from the note, and what only a question or a look brought out."""
    found = list(findings)
    return [f for f in found if f.read], [f for f in found if not f.read]


def _finding(f: Confirmed, lang: Language, note: str) -> dict[str, Any]:
    found: dict[str, Any] = {"finding": f.finding}
    if f.read != f.status:
        found["status"] = TODO  # whether the note says it, or the doctor looked, nobody wrote down
    elif f.status == "absent":
        found["status"] = f.status
    if f.words and f.words in note:
        found["words"] = _own(f.words, lang)
    return found


def _own(text: str, lang: Language) -> dict[str, str]:
    """A text in its own language, and a TODO in the other."""
    return {of: (simplify(text) if of == "zh" else text) if of == lang else MISSING[of] for of in ("en", "zh")}


def _note(text: str, lang: Language) -> dict[str, str]:
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return {of: Note(said) if of == lang and lines else MISSING[of] for of, said in _own(lines, lang).items() if of in LANGUAGES}


def _age_group(age: float | None) -> str:
    return TODO if age is None else "child" if age < 18 else "elderly" if age >= 65 else "adult"


def _remarks(c: Candidate) -> Iterator[str]:
    """What the draft can't say in its fields: ids only."""
    yield f"Draft from a doctor's review ({', '.join(c.why)}). What the doctor changed: yingzhi eval inbox show {c.id}"
    yield "Names and numbers were masked, dates moved, ages over 89 made 90. Read it again: a machine did it. Then write every TODO."
    yield "What is expected comes from the case and its sources, never from what the engine gave."
    if c.leading:
        yield f"The engine thought first of: {', then '.join(c.leading)}; the consultation is {c.outcome}."
    for f in c.findings:
        yield f"{f.finding} is {f.status} by the doctor's {f.by}"
        if f.read and f.read != f.status:
            yield f"  The engine read it as {f.read}: give it the status that the note's words say; if they say nothing, move it to hidden."
    yield from (f"{x.where} is left out: the doctor could not say" for x in c.changes if x.kind == "overturned" and x.after == "unknown")
    if c.presentation.phenotypes.present or c.presentation.phenotypes.absent:
        yield "The record gives HPO terms too: put them into the note in words, gold cases have no field for them."
    if any(not r.test for r in c.presentation.reports[len(c.presentation.reports) - c.later_reports :]):
        yield "A later result came without the id of its test: put it under results."
    yield "tags: commonness is common, uncommon or rare. Optional in expected: must_not_miss, matrix, first_tests, alerts, care, urgency,"
    yield "documents, trajectory; forbidden: tests, drugs."


def unfinished(text: str) -> list[str]:
    """The keys of a draft that still say TODO; none where it is no YAML."""
    from yingzhi.evals.inbox.deidentify import leaves

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return []
    return [path for path, said in leaves(found) if TODO in said]

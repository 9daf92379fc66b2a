"""The built-in corpus: the knowledge itself, as passages to be searched in either language."""

from __future__ import annotations

from collections.abc import Iterator

from yingzhi.clinical.evidence import Passage
from yingzhi.knowledge.load import Knowledge
from yingzhi.knowledge.models import Disease, Source


def passages(knowledge: Knowledge) -> Iterator[Passage]:
    """A few passages a disease (picture, mimics, tests, treatment and care), each with the source that it rests on most."""
    for disease in knowledge.diseases.values():
        for part, text in _parts(disease, knowledge).items():
            source = knowledge.sources.get(_source_of(disease, part))
            if text and source:
                yield _passage(disease, part, text, source)


def _passage(disease: Disease, part: str, text: str, source: Source) -> Passage:
    title = f"{disease.names.en} {disease.names.zh}: {TITLES[part]}"
    return Passage(
        id=f"{disease.id}#{part}",
        text=text,
        title=title,
        year=source.year,
        body=source.body,
        jurisdiction=source.jurisdiction,
        grade=source.grade,
        version=source.version or None,
        url=source.url or None,
        superseded_by=source.superseded_by or None,
    )


TITLES = {
    "picture": "clinical picture 临床表现",
    "mimics": "differential 鉴别",
    "tests": "investigations 检查",
    "treatment": "treatment 治疗",
    "systemic": "systemic links 系统关联",
}


def _source_of(disease: Disease, part: str) -> str:
    if part == "treatment" and disease.treatment:
        return disease.treatment[0].source
    if part == "systemic" and disease.systemic_links:
        return disease.systemic_links[0].source
    return disease.sources[0]


def _parts(disease: Disease, knowledge: Knowledge) -> dict[str, str]:
    names = f"{disease.names.en} ({disease.names.zh}; {', '.join((*disease.aliases.en, *disease.aliases.zh))})"
    seen = [knowledge.findings[f.finding].names for f in disease.findings if f.p >= 0.2 and f.finding in knowledge.findings]
    tests = [(knowledge.investigations[t.test].names, t) for t in disease.investigations if t.test in knowledge.investigations]
    return {
        "picture": f"{names}. {disease.summary.en} {disease.summary.zh} {disease.course.onset.en}; {disease.course.pattern.en}. "
        + f"{disease.course.onset.zh}；{disease.course.pattern.zh}。 "
        + ", ".join(n.en for n in seen)
        + "。"
        + "、".join(n.zh for n in seen),
        "mimics": f"{names}. " + " ".join(f"{m.disease.replace('-', ' ')}: {m.apart_by.en}; {m.apart_by.zh}." for m in disease.mimics)
        if disease.mimics
        else "",
        "tests": f"{names}. " + " ".join(f"{n.en} {n.zh}" + (f": {t.note.en} {t.note.zh}" if t.note else "") for n, t in tests)
        if tests
        else "",
        "treatment": f"{names}. " + " ".join(_treatment(t) for t in disease.treatment) if disease.treatment else "",
        "systemic": f"{names}. " + " ".join(f"{s.condition.en} {s.condition.zh}: {s.act.en} {s.act.zh}" for s in disease.systemic_links)
        if disease.systemic_links
        else "",
    }


def _treatment(t: object) -> str:
    words = [f"line {t.line}:", t.drug or ""]  # type: ignore[attr-defined]
    for field in ("measure", "dose", "indication", "efficacy", "watch"):
        said = getattr(t, field)
        if said:
            words += [said.en, said.zh]
    return " ".join(w for w in words if w) + "."


def opening(passage: str, size: int) -> str:
    """The beginning of a passage, without the list of names that those of the knowledge open with."""
    head, found, rest = passage.partition("). ")
    return (rest if found and len(head) < 600 else passage)[:size]

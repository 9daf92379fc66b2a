"""The drug problems of a consultation as lines of its text: how bad, for whom, how fast, what instead, on what it rests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.text import Text as Styled

from yingzhi.clinical.acknowledgement import DrugRole
from yingzhi.clinical.alert_board import Presence, ReviewedProblem
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.words import Language, Severity, Text
from yingzhi.tools.documents.medication import ONSET
from yingzhi.tools.problems import onset_of

SEVERITY: Mapping[Severity, Text] = {
    "contraindicated": Text(en="contraindicated", zh="禁忌"),
    "major": Text(en="major", zh="严重"),
    "moderate": Text(en="moderate", zh="中等"),
    "minor": Text(en="minor", zh="轻微"),
    "none": Text(en="none", zh="无"),
    "unknown": Text(en="unknown", zh="未知"),
}
STYLE: Mapping[str, str] = {"contraindicated": "bold red", "major": "red", "moderate": "yellow"}
ROLE: Mapping[DrugRole, Text] = {
    "prescriber": Text(en="prescriber", zh="医师"),
    "pharmacist": Text(en="pharmacist", zh="药师"),
    "nurse": Text(en="nurse", zh="护士"),
}
PRESENCE: Mapping[Presence, Text] = {
    "interrupt": Text(en="settle first", zh="须先处理"),
    "list": Text(en="listed", zh="列出"),
    "fold": Text(en="folded", zh="折叠"),
}


def medication_problems(c: Consultation) -> Iterator[Styled]:
    """A few lines a problem; why and what to do stand with the alerts."""
    if c.medication is None:
        return
    names = {d.drug: d.names for review in (c.medication.current, c.medication.also_checked) if review for d in review.drugs}
    for one in c.medication.problems:
        yield from _problem(one, names, c.lang)


def _problem(one: ReviewedProblem, names: Mapping[str, Text], lang: Language) -> Iterator[Styled]:
    zh, p = lang == "zh", one.problem
    between = "；" if zh else "; "
    onset = ONSET[onset_of(p)].say(lang)
    readers = between.join(f"{ROLE[r].say(lang)}{'：' if zh else ': '}{PRESENCE[how].say(lang)}" for r, how in one.presence.items())
    facts = [f for f in (onset, readers) if f]
    yield Styled(f"  [{SEVERITY[p.severity].say(lang)}] {p.title.say(lang)} · {' · '.join(facts)}", style=STYLE.get(p.severity, "dim"))
    if one.changed:
        yield Styled("     确认后有变化" if zh else "     changed since it was acknowledged", style="yellow")
    for drug in dict.fromkeys(a.instead_of for a in one.alternatives):
        found = [a.names.say(lang) for a in one.alternatives if a.instead_of == drug]
        head = names[drug].say(lang) if drug in names else drug
        note = "（同类中规则未见不利者）" if zh else " (neighbours that no rule speaks against)"
        yield Styled(f"     {head} → {('、' if zh else ', ').join(found)}{note}", style="green")
    sources = dict.fromkeys(s for part in p.parts for s in part.sources)
    if sources:
        yield Styled(f"     {' '.join(f'[{s}]' for s in sources)}", style="dim")

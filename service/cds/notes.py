"""What there is to tell, before it is put into words of one language: a note becomes a card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yingzhi.clinical.alert import Alert, AlertLevel
from yingzhi.clinical.medication import AlertTier, DrugProblem, Onset
from yingzhi.clinical.words import Severity, Text
from yingzhi.service.cds.wire import Indicator
from yingzhi.service.markdown.escape import escape
from yingzhi.tools.problems import onset_of

BY_LEVEL: dict[AlertLevel, Indicator] = {"critical": "critical", "warning": "warning", "notice": "info"}
BY_TIER: dict[AlertTier, Indicator] = {"stop": "critical", "decide": "warning", "watch": "info", "note": "info"}
SEVERE: dict[Severity, Text] = {
    "contraindicated": Text(en="Contraindicated", zh="禁忌"),
    "major": Text(en="Serious", zh="严重"),
    "moderate": Text(en="Take care", zh="注意"),
}
WHY, ACT = Text(en="Why", zh="原因"), Text(en="Do", zh="处理")
ONSET: dict[Onset, Text] = {"rapid": Text(en="within a day", zh="1天内"), "delayed": Text(en="over days to weeks", zh="数日至数周")}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to tell.

    Attributes:
        about: The rule and the drugs, by ids of the knowledge: what feedback is counted by. Never words of a case.
        topic: Kind of thing.
        indicator: How urgent.
        head: One sentence, as plain text; cut to fit where it is shown.
        body: Markdown.
        sources: Ids of sources, the first of them the main one.
        remove: Draft orders that the doctor may want to remove: reference and name.
    """

    about: str
    topic: str
    indicator: Indicator
    head: Text
    body: Text
    sources: tuple[str, ...] = ()
    remove: tuple[tuple[str, Text], ...] = ()


def escaped(text: Text) -> Text:
    """As Markdown that shows the words and nothing else."""
    return Text(en=escape(text.en), zh=escape(text.zh))


def bullets(lines: Iterable[Text]) -> Text:
    """A Markdown list; the lines are escaped."""
    kept = [escaped(line) for line in lines]
    return Text(en="\n".join(f"- {line.en}" for line in kept), zh="\n".join(f"- {line.zh}" for line in kept))


def reasoned(why: Text, act: Text | None) -> Text:
    """Why, and what to do about it, as Markdown."""
    parts = [(WHY, why), *([(ACT, act)] if act else [])]
    said = [(label, escaped(text)) for label, text in parts]
    return Text(en="\n\n".join(f"**{n.en}:** {t.en}" for n, t in said), zh="\n\n".join(f"**{n.zh}：**{t.zh}" for n, t in said))


def red_flag(alert: Alert) -> Note:
    """A red flag of the record, with the words it was read from."""
    body = reasoned(alert.why, alert.act)
    read = list(dict.fromkeys(s.text for s in alert.spans if s.text.strip()))[:5]
    if read:
        words = "; ".join(escape(r, 160) for r in read)
        body = Text(en=f"{body.en}\n\n**Read from:** {words}", zh=f"{body.zh}\n\n**依据：**{words}")
    return Note(f"red-flag:{alert.id}", "red-flag", BY_LEVEL[alert.level], alert.title, body, tuple(alert.sources))


def drug_problem(problem: DrugProblem, remove: Sequence[tuple[str, Text]] = (), instead: Sequence[Text] = ()) -> Note:
    """A problem of the drug check, with all drugs and pairs that are behind it.

    Args:
        problem: The problem.
        remove: Draft orders that the doctor may want to remove.
        instead: Neighbours of its drugs that no rule speaks against.
    """
    severe = SEVERE.get(problem.severity, SEVERE["moderate"])
    head = Text(en=f"{severe.en}: {problem.title.en}", zh=f"{severe.zh}：{problem.title.zh}")
    told = [reasoned(part.why, part.act) for part in problem.parts]
    if (onset := ONSET.get(onset_of(problem))) is not None:
        told.append(Text(en=f"**Sets in:** {onset.en}", zh=f"**起效：**{onset.zh}"))
    if instead:
        listed = bullets(instead)
        told.append(
            Text(
                en=f"**Neighbours that no rule speaks against:**\n\n{listed.en}",
                zh=f"**同类中规则未见不利者：**\n\n{listed.zh}",
            )
        )
    body = Text(en="\n\n".join(t.en for t in told), zh="\n\n".join(t.zh for t in told))
    sources = tuple(dict.fromkeys(s for part in problem.parts for s in part.sources))
    return Note(_about(problem), problem.kind, BY_TIER[problem.tier], head, body, sources, tuple(remove))


def _about(problem: DrugProblem) -> str:
    """The problem's id; that of an allergy holds words of the record, which are left out."""
    return f"allergy:{'+'.join(problem.drugs)}" if problem.kind == "allergy" else problem.id


def watch_list(problems: Sequence[DrugProblem]) -> list[Note]:
    """What is to be watched, in one note: many small cards are read by nobody."""
    if len(problems) < 2:
        return [drug_problem(p) for p in problems]
    lines = [
        Text(
            en=f"{p.title.en}. {' '.join(f'{x.why.en} {x.act.en}' for x in p.parts)}",
            zh=f"{p.title.zh}：{''.join(f'{x.why.zh}{x.act.zh}' for x in p.parts)}",
        )
        for p in problems
    ]
    head = Text(
        en=f"{len(problems)} points to watch: {'; '.join(p.title.en for p in problems)}",
        zh=f"{len(problems)}项需注意：{'；'.join(p.title.zh for p in problems)}",
    )
    sources = tuple(dict.fromkeys(s for p in problems for x in p.parts for s in x.sources))
    return [Note(f"watch:{len(problems)}", "watch", "info", head, bullets(lines), sources)]


def failed(part: str, what: Text, reason: str) -> Note:
    """A check that did not run: said as loudly as a finding, since nothing is known of what it would have found."""
    return Note(
        about=f"failed:{part}",
        topic="not-checked",
        indicator="warning",
        head=Text(
            en=f"Not checked: {what.en}. The check failed; nothing is known of it.", zh=f"未核查：{what.zh}。核查未能完成，结果未知。"
        ),
        body=Text(
            en=f"Decide as if this check did not exist, and report the fault. Kind of fault: {escape(reason)}.",
            zh=f"请按未做此项核查处理，并报告故障。故障类型：{escape(reason)}。",
        ),
    )

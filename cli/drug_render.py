"""A medication review as a clinician reads it in the terminal, in one language."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text as Styled

from yingzhi.cli.render import wrap
from yingzhi.clinical.alert_board import REASONS, AlertBoard, ShownProblem
from yingzhi.clinical.medication import DoseReading, DrugMatch, MedicationReview, NotChecked, ProblemPart, UnknownDrug
from yingzhi.clinical.words import Language
from yingzhi.knowledge.models import Source

STYLE = {"contraindicated": "bold white on red", "major": "bold red", "moderate": "bold yellow", "minor": "dim", "unknown": "magenta"}
WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "contraindicated": "禁忌", "major": "严重", "moderate": "中等", "minor": "轻微", "unknown": "未知",
        "drugs": "药物", "nothing": "没有识别出任何药物，未做任何检查。", "clear": "已识别的药物之间、在已知情况下，未发现需要处理的问题。",
        "count": "{} 个问题：{} 个须先处理，{} 个列出", "minor_list": "轻微（仅告知）", "not_checked": "未能检查（不等于没有问题）",
        "unread": "未识别，完全未检查", "ambiguous": "名称含义不唯一", "class": "只写了类别",
        "similar": "是否指", "if_so": "若成立：{}", "why": "原因", "act": "处理", "instead": "可考虑", "sources": "来源",
        "instead_note": "（规则未见不利）", "pinyin": "按拼音识别", "spelling": "按拼写识别", "doses": "剂量读作",
        "day": "每日", "week": "每周", "every": "每{}天一次", "list": "整个清单", "seen": "已确认：{}", "changed": "确认后有变化",
        "foot": "规则辅助判断，由医师决定；不构成处方。", "join": "、", "colon": "：", "stop": "：",
    },
    "en": {
        "contraindicated": "CONTRAINDICATED", "major": "MAJOR", "moderate": "MODERATE", "minor": "MINOR", "unknown": "UNKNOWN",
        "drugs": "Drugs", "nothing": "No drug was recognised: nothing was checked.",
        "clear": "Nothing to act on was found among the drugs that were recognised, with what is known.",
        "count": "{} problems: {} to settle first, {} listed", "minor_list": "Minor, for information",
        "not_checked": "Not checked (not the same as safe)",
        "unread": "not recognised; nothing about it was checked", "ambiguous": "means several drugs", "class": "names a whole class",
        "similar": "did you mean", "if_so": "if so: {}", "why": "Why", "act": "Do", "instead": "Instead", "sources": "Sources",
        "instead_note": " (no rule speaks against)", "pinyin": "read by its pinyin", "spelling": "read by its spelling",
        "doses": "Doses read as", "day": "a day", "week": "a week", "every": "every {} days", "list": "the whole list",
        "seen": "acknowledged: {}", "changed": "changed since it was acknowledged",
        "foot": "Rules support the decision; the doctor decides. Not a prescription.", "join": ", ", "colon": ": ", "stop": ": ",
    },
}  # fmt: skip
MARK = {"contraindicated": "!!", "major": "! ", "moderate": "· "}
LABEL = 9
"""Cells of the column that says why, do, instead, sources."""


def render_review(
    review: MedicationReview,
    board: AlertBoard,
    lang: Language,
    *,
    sources: Mapping[str, Source],
    names: Mapping[str, str],
    instead: Mapping[str, Mapping[str, list[str]]],
    width: int | None = None,
) -> str:
    """The review as text.

    Args:
        review: What was found.
        board: Its problems as this reader sees them.
        lang: Language of all words.
        sources: By id, for the citations.
        names: Display names of drugs by id.
        instead: For a problem, for each of its drugs, the names of neighbours that nothing speaks against.
        width: Columns; None for the terminal's own, with colours where it has them.
    """
    page = _Page(lang, sources, names, instead, width or _columns())
    buffer = io.StringIO()
    tty = width is None
    console = Console(file=buffer, width=page.width, force_terminal=tty, color_system="auto" if tty else None, highlight=False)
    for line in page.lines(review, board):
        console.print(line, soft_wrap=True)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def _columns() -> int:
    try:
        return max(60, min(os.get_terminal_size().columns, 110))
    except OSError:
        return 100


def cite(source: Source) -> str:
    """How a source is named on one line."""
    body = source.body.split(" (")[0].split(", ")[0]
    about = " ".join(([body] if body not in source.title else []) + ([str(source.year)] if source.year else []))
    return f"{source.title} ({about})" if about else source.title


class _Page:
    """One rendering: the words, names and width it is made with."""

    def __init__(
        self,
        lang: Language,
        sources: Mapping[str, Source],
        names: Mapping[str, str],
        instead: Mapping[str, Mapping[str, list[str]]],
        width: int,
    ) -> None:
        self.lang: Language = lang
        self.sources, self.names, self.instead, self.width = sources, names, instead, width
        self.w = WORDS[lang]

    def lines(self, review: MedicationReview, board: AlertBoard) -> Iterator[Styled]:
        """Everything, from what is asked of the reader down to the notes."""
        yield from self._drugs(review.drugs)
        yield from self._unknown(review.unknown)
        yield from self._doses(review.doses)
        if not review.drugs:
            yield Styled(self.w["nothing"], style="bold magenta")
        elif board.shown:
            yield Styled()
            yield Styled(self.w["count"].format(len(board.shown), board.interrupting, board.listed), style="bold")
        else:
            yield Styled(self.w["clear"])
        for shown in board.shown:
            yield from self._problem(shown)
        yield from self._minor(review)
        yield from self._gaps(review.not_checked)
        yield Styled()
        yield Styled(self.w["foot"], style="dim")

    def _text(self, label: str, text: str, style: str = "") -> Iterator[Styled]:
        """A label and its text, wrapped and hanging under itself."""
        head = f"   {label}"
        head += " " * max(1, LABEL - cell_len(label))
        inner = wrap(text, max(20, self.width - cell_len(head))).split("\n")
        yield Styled.assemble((head, "dim"), (inner[0], style))
        for line in inner[1:]:
            yield Styled.assemble(" " * cell_len(head), (line.lstrip(), style))

    def _wrapped(self, text: str, style: str = "") -> Iterator[Styled]:
        for line in wrap(text, self.width).split("\n"):
            yield Styled(line, style=style)

    def _drugs(self, drugs: list[DrugMatch]) -> Iterator[Styled]:
        listed = self.w["join"].join(d.names.say(self.lang) for d in drugs)
        yield from self._wrapped(f"{self.w['drugs']} {len(drugs)}{self.w['colon']}{listed}", "bold")
        for d in drugs:
            if d.how in ("pinyin", "spelling"):
                yield Styled(f"  {d.name} → {d.names.say(self.lang)} ({self.w[d.how]})", style="cyan")

    def _unknown(self, unknown: list[UnknownDrug]) -> Iterator[Styled]:
        for one in unknown:
            why = self.w.get(one.reason, self.w["unread"])
            hint = " / ".join(s.names.say(self.lang) for s in one.suggestions)
            said = f"? {one.name}{self.w['colon']}{self.w['unread'] if one.reason in ('unknown', 'misspelt') else why}"
            if one.means is not None:
                said += f" ({one.means.say(self.lang)})"
            yield from self._wrapped(said + (f" — {self.w['similar']} {hint}?" if hint else ""), STYLE["unknown"])

    def _doses(self, doses: list[DoseReading]) -> Iterator[Styled]:
        read = [f"{self.names[d.drug]} {self._dose(d)}" for d in doses if d.daily is not None]
        if read:
            yield from self._wrapped(f"{self.w['doses']}{self.w['colon']}{'; '.join(read)}", "dim")

    def _dose(self, dose: DoseReading) -> str:
        per = "/kg" if dose.per_kg else ""
        weekly = dose.every_days is not None and dose.every_days > 1.5
        amount, period = (dose.weekly, self.w["week"]) if weekly else (dose.daily, self.w["day"])
        number = f"{amount:.4g} {dose.unit}{per}"
        return f"{period}{number}" if self.lang == "zh" else f"{number} {period}"

    def _problem(self, shown: ShownProblem) -> Iterator[Styled]:
        p = shown.problem
        yield Styled()
        head = Styled(f"{MARK.get(p.severity, '· ')} ")
        head.append(f" {self.w[p.severity]} ", style=STYLE[p.severity])
        note = ""
        if shown.acknowledged is not None:
            note = f"  ({self.w['seen'].format(REASONS[shown.acknowledged].say(self.lang))})"
        elif shown.changed:
            note = f"  ({self.w['changed']})"
        title = wrap(p.title.say(self.lang), max(20, self.width - head.cell_len - 2)).split("\n")
        head.append(" " + title[0], style="bold")
        for line in title[1:]:
            head.append("\n   " + line, style="bold")
        yield head.append(note, style="cyan")
        for part in p.parts:
            yield from self._part(part, whole=len(p.parts) == 1 or len(p.drugs) == 1, worst=p.severity)
        yield from self._instead(p.id)

    def _part(self, part: ProblemPart, *, whole: bool, worst: str) -> Iterator[Styled]:
        if not whole:
            who = self.w["join"].join(self.names[d] for d in part.drugs)
            grade = "" if part.severity == worst else f" [{self.w[part.severity]}]"
            yield Styled(f"   {who}{grade}", style="underline")
        yield from self._text(self.w["why"], part.why.say(self.lang))
        yield from self._text(self.w["act"], part.act.say(self.lang), "bold")
        cited = "; ".join(cite(self.sources[s]) if s in self.sources else s for s in part.sources)
        if cited:
            yield from self._text(self.w["sources"], cited, "dim")

    def _instead(self, problem: str) -> Iterator[Styled]:
        for drug, found in self.instead.get(problem, {}).items():
            if found:
                text = f"{self.names[drug]} → {self.w['join'].join(found)}{self.w['instead_note']}"
                yield from self._text(self.w["instead"], text, "green")

    def _minor(self, review: MedicationReview) -> Iterator[Styled]:
        slight = [i for i in review.interactions if i.severity == "minor"]
        if not slight:
            return
        yield Styled()
        yield Styled(self.w["minor_list"], style="dim bold")
        for pair in slight:
            text = f"· {self.names[pair.drug_a]} + {self.names[pair.drug_b]}{self.w['colon']}{pair.mechanisms[0].mechanism.say(self.lang)}"
            yield from self._wrapped(text, "dim")

    def _gaps(self, gaps: list[NotChecked]) -> Iterator[Styled]:
        """What one fact would settle stands on one line, with every drug that waits for it."""
        grouped: dict[str, list[NotChecked]] = {}
        for gap in gaps:
            if gap.check != "name":  # said at the top
                grouped.setdefault(gap.needs.say(self.lang), []).append(gap)
        if not grouped:
            return
        yield Styled()
        yield Styled(self.w["not_checked"], style="bold magenta")
        for needs, waiting in grouped.items():
            if all(not g.drug for g in waiting):
                yield from self._wrapped(f"· {needs}")
                continue
            parts = [self._waiting(g) for g in waiting]
            yield from self._wrapped(f"· {needs}{self.w['colon']}{self.w['join'].join(dict.fromkeys(parts))}")

    def _waiting(self, gap: NotChecked) -> str:
        name = self.names.get(gap.drug, gap.drug) or self.w["list"]
        worst = "" if gap.worst in ("unknown", "none") else f" ({self.w['if_so'].format(self.w[gap.worst].lower())})"
        return name + worst

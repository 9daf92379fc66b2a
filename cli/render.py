"""A consultation as a doctor reads it in the terminal."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled

from yingzhi.cli.medication_render import medication_problems
from yingzhi.clinical.alert import Alert
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.differential import Cell, Diagnosis
from yingzhi.clinical.pack import PatientPack
from yingzhi.clinical.workup import Referral, TestAdvice
from yingzhi.tools.differential import percent
from yingzhi.tools.documents.drafts import LEVEL, TIER, URGENCY, lab_words
from yingzhi.tools.workup_words import gain_words, need_words, where_words

TOKENS = re.compile(r"\s*[!-~]+|\s+|\S")
CLOSING = "，。；：、？！）】”’」》·%"
COLUMNS = 5
ROWS = 16
STYLE = {"critical": "bold red", "warning": "yellow", "notice": "dim"}
MARK = {"critical": "!!", "warning": "! ", "notice": "· "}
HEADING = "bold cyan"
CONVERGED = {True: ("converged", "已收敛"), False: ("not yet converged", "未收敛")}
LINE = (("first of all", "首要"), ("1st line", "一线"), ("2nd line", "二线"), ("later", "后续"))
SIGN = ((4.0, "+++"), (2.0, "++ "), (0.0, "+  "), (-2.0, "-  "), (-4.0, "-- "))


def render(c: Consultation, *, drafts: bool = False, width: int | None = None) -> str:
    """The consultation as text for a terminal.

    Args:
        c: The consultation.
        drafts: Print every draft, not only the outpatient record.
        width: Columns; None for the terminal's own.
    """
    buffer = io.StringIO()
    tty = width is None
    console = Console(file=buffer, width=width or _columns(), force_terminal=tty, color_system="auto" if tty else None, highlight=False)
    for part in _parts(c, drafts):
        if isinstance(part, Styled):
            console.print(_wrapped(part, console.width - 2), soft_wrap=True)  # a closing sign may stand out by its two cells
        else:
            console.print(part)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def _columns() -> int:
    try:
        return max(80, min(os.get_terminal_size().columns, 140))
    except OSError:
        return 100


def _parts(c: Consultation, drafts: bool) -> Iterator[RenderableType]:
    zh = c.lang == "zh"

    def title(en: str, zh_title: str) -> Styled:
        return Styled(f"\n{zh_title if zh else en}", style=HEADING)

    yield from _head(c, zh)
    yield title("Differential", "鉴别诊断（常见到少见，附概率）")
    yield from _differential(c)
    if c.confidence != "none" and c.differential:
        yield title(
            "Matrix: diagnosis x finding (+ supports, - opposes, ? not asked)", "鉴别诊断矩阵：诊断 × 发现（+ 支持，- 不支持，? 未询问）"
        )
        yield _matrix(c)
    if c.decision_path:
        yield title("Decision path", "决策路径")
        yield from (Styled(f"  {n}. {step.say(c.lang)}") for n, step in enumerate(c.decision_path, 1))
    yield from _labs(c, title("Results read", "报告解读"))
    if c.workup:
        yield title(
            f"Workup ladder (recommended now: {c.workup.price_now:.0f} CNY, indicative prices)",
            f"检查路径（当前建议合计约{c.workup.price_now:.0f}元，价格仅供参考）",
        )
        yield from _ladder(c)
    yield from _medication(c, title("Drug safety and treatment options", "安全用药评估与治疗选择"))
    if c.systemic_links:
        yield title("Systemic links", "跨系统关联")
        yield from _links(c)
    if c.conflicts:
        yield title("Guidance that disagrees", "指南分歧（并列，不作取舍）")
        yield from _conflicts(c)
    if c.referral:
        yield title("Level of care", "分级诊疗")
        yield from _care(c.referral, c)
    yield from _model(c, title("The model's remarks (checked by no rule)", "模型补充意见（未经规则核实）"))
    yield from _documents(c, drafts, title("Drafts", "文书草稿"))
    if c.sources:
        yield title("Sources", "依据")
        yield from (
            Styled(
                f"  [{s.id}] {s.body}. {s.title}. {s.year or ''} {s.jurisdiction} {s.grade} {s.doi or s.pmid or s.url}".rstrip(),
                style="dim",
            )
            for s in c.sources[:25]
        )


def _head(c: Consultation, zh: bool) -> Iterator[RenderableType]:
    state = {"complete": ("complete", "完成"), "degraded": ("degraded", "部分失败"), "failed": ("failed", "失败")}[c.status][zh]
    yield Panel(
        Styled(f"{'櫻智醫助' if zh else 'yingzhi'}  {c.id}  [{state}]  v{c.version}  {c.seconds:.2f} s\n" + _draft_line(zh)), expand=False
    )
    if c.history:
        yield Styled("\n初步临床印象" if zh else "\nImpression", style=HEADING)
        yield Styled("  " + c.history.impression.say(c.lang))
        if c.history.unmapped_phenotypes:
            unread = ", ".join(c.history.unmapped_phenotypes)
            yield Styled(f"  {'未纳入判断的表型：' if zh else 'Phenotypes that could not be weighed: '}{unread}", style="yellow")
    if c.alerts:
        yield Styled("\n风险提示" if zh else "\nAlerts", style=HEADING)
        for a in c.alerts:
            yield from _alert(a, c)


def _care(r: Referral, c: Consultation) -> Iterator[Styled]:
    refer = {"zh": " · 建议转诊", "en": " · refer"}[c.lang] if r.refer else ""
    yield Styled(f"  {LEVEL[r.level].say(c.lang)} · {URGENCY[r.urgency].say(c.lang)}{refer}", style="bold")
    yield from (Styled(f"  - {t.say(c.lang)}") for t in r.reasons)
    if r.to:
        yield Styled(f"  → {r.to.say(c.lang)}")
    yield from (Styled(f"  · {need_words(n).say(c.lang)}") for n in r.needs)


def _links(c: Consultation) -> Iterator[Styled]:
    """What of the rest of the body bears, how strongly, why, and what of it is checked."""
    zh = c.lang == "zh"
    strength = {"strong": ("strong", "强"), "moderate": ("moderate", "中"), "weak": ("weak", "弱")}
    for link in c.systemic_links:
        yield Styled(f"  [{strength[link.strength][zh]}] {link.condition.say(c.lang)}: {link.act.say(c.lang)} [{link.source}]")
        if link.why:
            yield Styled(f"     {link.why.say(c.lang)}", style="dim")
        yield Styled(f"     {link.checked.say(c.lang)}", style="dim")


def _conflicts(c: Consultation) -> Iterator[Styled]:
    for conflict in c.conflicts:
        yield Styled(f"  {conflict.topic.say(c.lang)}", style="bold")
        for side in conflict.sides:
            cited = side.reference
            who = " ".join(str(p) for p in (cited.body, cited.year, f"({cited.jurisdiction})") if p) if cited else side.source
            yield Styled(f"     {who}: {side.says.say(c.lang)}")
        if conflict.note:
            yield Styled(f"     {conflict.note.say(c.lang)}", style="dim")


def _draft_line(zh: bool) -> str:
    return (
        "辅助决策，不替代医师；医师审核并签名后生效。"
        if zh
        else "Supports the decision, does not make it; nothing holds until a doctor signs."
    )


def _alert(a: Alert, c: Consultation) -> Iterator[Styled]:
    said_by = {"zh": "（模型提示，未经规则核实）", "en": " (a model's notice; no rule confirms it)"}[c.lang] if a.kind == "model" else ""
    if a.acknowledged is not None:
        said_by += {"zh": "（已确认：{}）", "en": " (acknowledged: {})"}[c.lang].format(a.acknowledged.say(c.lang))
    yield Styled(f"  {MARK[a.level]} {a.title.say(c.lang)}{said_by}", style="dim" if a.acknowledged else STYLE[a.level])
    yield Styled(f"     {a.why.say(c.lang)}")
    if a.act:
        yield Styled(f"     → {a.act.say(c.lang)}")


def wrap(line: str, width: int) -> str:
    """Fold one line at a width in terminal cells, with a hanging indent; Chinese may break between any two characters, Latin at spaces."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    pieces, current, cells = [], "", 0
    for token in TOKENS.findall(line):
        size = cell_len(token)
        if cells + size > width and current.strip() and token not in CLOSING:
            pieces.append(current.rstrip())
            current, cells = indent, len(indent)
            token = token.lstrip()
            size = cell_len(token)
        current, cells = current + token, cells + size
    return "\n".join([*pieces, current.rstrip()])


def _wrapped(part: Styled, width: int) -> Styled:
    return Styled("\n".join(wrap(line, width) for line in part.plain.split("\n")), style=part.style)


def _differential(c: Consultation) -> Iterator[RenderableType]:
    zh = c.lang == "zh"
    if c.confidence == "none":
        yield Styled(
            "  资料不足，无法形成有依据的鉴别诊断。" if zh else "  The record does not allow a differential that rests on evidence."
        )
        return
    common = {"common": ("common", "常见"), "uncommon": ("uncommon", "少见"), "rare": ("rare", "罕见")}
    table = Table(box=None, show_header=False, pad_edge=True)
    for d in c.differential[:10]:
        bar = "█" * max(1, round(d.probability * 20)) if d.probability >= 0.01 else "▏"
        flag = ("勿漏" if zh else "do not miss") if d.id in c.must_not_miss else ""
        table.add_row(
            f"{percent(d.probability):>6}",
            bar,
            d.zh if zh else d.en,
            d.icd10 or d.code(),
            common[d.commonness][zh],
            Styled(flag, style="bold red"),
        )
    table.add_row(f"{percent(c.other):>6}", "█" * round(c.other * 20), "其他疾病" if zh else "something else", "", "", "")
    yield table
    level = {"low": ("low", "低"), "moderate": ("moderate", "中"), "high": ("high", "高"), "none": ("none", "无")}[c.confidence][zh]
    yield Styled(f"  {'把握度' if zh else 'confidence'}: {level}; {CONVERGED[c.converged][zh]}")
    for pair in c.together:
        yield Styled(f"  {'可能两病并存：' if zh else 'perhaps two diseases at once: '}{pair.why.say(c.lang)}")
    lane = [d for d in c.differential if d.id in c.must_not_miss]
    for d in lane[:4]:
        if d.danger:
            yield Styled(f"  !! {d.zh if zh else d.en} ({percent(d.probability)}): {d.danger.say(c.lang)}", style="red")


def _matrix(c: Consultation) -> Table:
    zh = c.lang == "zh"
    columns = c.differential[:COLUMNS]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("发现" if zh else "finding", max_width=34)
    for d in columns:
        table.add_column(_short(d.zh if zh else d.en), justify="center", max_width=16)
    table.add_column("原文" if zh else "read as", max_width=26)
    for cell in _rows(columns):
        marks = [_mark(next((x for x in d.cells if x.finding == cell.finding), None)) for d in columns]
        quote = cell.spans[0].text if cell.spans else ("?" if cell.effect == "not-asked" else "")
        table.add_row(cell.named().say(c.lang), *marks, Styled(quote, style="dim"))
    return table


def _rows(columns: list[Diagnosis]) -> list[Cell]:
    seen: dict[str, Cell] = {}
    strength: dict[str, float] = {}
    for d in columns:
        for cell in d.cells:
            seen.setdefault(cell.finding, cell)
            strength[cell.finding] = strength.get(cell.finding, 0.0) + abs(cell.weight) * d.probability
    asked = [f for f in seen if seen[f].effect != "not-asked"]
    silent = [f for f in seen if seen[f].effect == "not-asked"]
    ranked = sorted(asked, key=lambda f: -strength[f])[: ROWS - 4] + sorted(silent, key=lambda f: -strength[f])[:4]
    return [seen[f] for f in ranked]


def _mark(cell: Cell | None) -> Styled:
    if cell is None:
        return Styled("·", style="dim")
    if cell.effect == "not-asked":
        return Styled("?", style="cyan")
    sign = next((s for bound, s in SIGN if cell.weight > bound), "---")
    return Styled(sign.strip(), style="green" if cell.weight > 0 else "red")


def _short(name: str) -> str:
    return name if len(name) <= 28 else name[:27] + "…"


def _labs(c: Consultation, heading: Styled) -> Iterator[RenderableType]:
    if not c.history or not (c.history.labs or c.history.reports):
        return
    yield heading
    for lab in c.history.labs:
        words = lab_words(lab).say(c.lang)
        yield Styled(f"  {lab.zh if c.lang == 'zh' else lab.en} {words}" + (f" — {lab.problem.say(c.lang)}" if lab.problem else ""))
    for reading in c.history.reports:
        if reading.conclusion:
            yield Styled(f"  {reading.conclusion.text}")


def _ladder(c: Consultation) -> Iterator[Styled]:
    zh = c.lang == "zh"
    if c.workup and c.workup.bypass:
        yield Styled(f"  !! {c.workup.bypass.say(c.lang)}", style="bold red")
    for n, rung in enumerate(c.workup.rungs if c.workup else [], 1):
        yield Styled(
            f"  {n}. {TIER[rung.tier].say(c.lang)}  {'○' if rung.open else '●'} {rung.why.say(c.lang)}",
            style="bold" if rung.open else "dim",
        )
        if rung.opens_when:
            yield Styled(f"     {'开放条件：' if zh else 'Opens with: '}{rung.opens_when.say(c.lang)}", style="dim")
        for t in rung.tests:
            status = {"recommended": ("do", "建议"), "waiting": ("later", "暂缓"), "done": ("done", "已做")}[t.status][zh]
            line = f"     [{status}] {t.zh if zh else t.en} · {t.price:.0f}{'元' if zh else ' CNY'} · {t.why.say(c.lang)}"
            if t.gain >= 0.05:
                line += f" · {gain_words(t).say(c.lang)}"
            if t.patient_risks:
                line += (" · 风险升高：" if zh else " · raised risk: ") + ("、" if zh else ", ").join(
                    r.say(c.lang) for r in t.patient_risks
                )
            if t.elsewhere:
                line += f" · {where_words(t).say(c.lang)}"
            yield Styled(line, style="" if t.status == "recommended" else "dim")
            yield from _details(t, c)


def _details(t: TestAdvice, c: Consultation) -> Iterator[Styled]:
    """How it is taken, what to mind in this patient, and what the record already says."""
    said = [caution.act.say(c.lang) for caution in t.cautions]
    if t.status == "done":
        said += [k.say(c.lang) for k in t.known[:3]] + ([t.repeat.say(c.lang)] if t.repeat else [])
    elif t.status == "recommended" and t.specimen and t.tier not in ("ask-examine", "blood"):
        said.append(("取材：" if c.lang == "zh" else "How: ") + t.specimen.say(c.lang))
    yield from (Styled(f"         {line}", style="dim") for line in said)


def _medication(c: Consultation, heading: Styled) -> Iterator[RenderableType]:
    zh = c.lang == "zh"
    if c.medication is None:
        return
    yield heading
    fit = {
        "yes": ("option", "可选"),
        "caution": ("with care", "慎用"),
        "no": ("not for this patient", "不宜"),
        "unknown": ("not known", "未知"),
    }
    yield from medication_problems(c)
    names = {d.id: d.zh if zh else d.en for d in c.differential}
    of = ""
    for option in c.medication.options[:14]:
        if option.disease != of:
            of = option.disease
            yield Styled(f"  {names.get(of, of)}", style="bold")
        line = f"    {LINE[min(option.line, 3)][zh]} [{fit[option.suitable][zh]}] {option.zh if zh else option.en}"
        if option.dose:
            line += f"{'：' if zh else ': '}{option.dose.say(c.lang)}"
        if option.efficacy:
            line += f" · {option.efficacy.say(c.lang)}"
        if option.why:
            line += f" — {option.why.say(c.lang)}"
        yield Styled(line, style={"no": "red", "caution": "yellow"}.get(option.suitable, ""))
    for choice in c.medication.choices:
        if choice.note:
            yield Styled(f"  ! {names.get(choice.disease, choice.disease)}: {choice.note.say(c.lang)}", style="yellow")
    yield from _packs(c.medication.packs, c)
    if c.medication.not_checked:
        yield Styled(
            ("  未能核查：" if zh else "  Not checked: ") + ("；" if zh else "; ").join(w.say(c.lang) for w in c.medication.not_checked),
            style="yellow",
        )


def _packs(packs: list[PatientPack], c: Consultation) -> Iterator[Styled]:
    """What is due next for each drug that is taken; of the proposed ones only that a pack is there."""
    zh = c.lang == "zh"
    between = "；" if zh else "; "
    for p in packs:
        visit = next((v for v in p.calendar if v.state == "next"), None)
        if p.taken and visit is not None:
            when = str(visit.day) if visit.day else (f"第{visit.weeks:g}周" if zh else f"week {visit.weeks:g}")
            due = between.join(d.text.say(c.lang) for d in visit.due)
            yield Styled(f"  {p.zh if zh else p.en} · {'下次随访' if zh else 'next'} {when}{'：' if zh else ': '}{due}")
    proposed = [p.zh if zh else p.en for p in packs if not p.taken]
    if proposed:
        lead = "  随访包（yingzhi drugs pack）：" if zh else "  Packs (yingzhi drugs pack): "
        yield Styled(lead + ("、" if zh else ", ").join(proposed), style="dim")


def _model(c: Consultation, heading: Styled) -> Iterator[Styled]:
    """What the language model added, its doubts, and where it failed."""
    if not c.model_use:
        return
    zh = c.lang == "zh"
    yield heading
    stance = {"for": "+", "against": "-", "note": "·"}
    for r in c.remarks[:12]:
        about = f"{r.about}: " if r.about else ""
        yield Styled(f"  {stance[r.stance]} {about}{r.text}" + (f" [{', '.join(r.citations)}]" if r.citations else ""))
    if c.doubts:
        yield Styled("  反方意见：" if zh else "  Against the leading diagnosis:", style="bold")
        yield from (Styled(f"  ? {d.text}") for d in c.doubts[:8])
    failed = [f"{u.specialist} ({u.reason})" for u in c.model_use if u.outcome in {"failed", "partial"}]
    if failed:
        lead = "  模型未完成，按规则结果：" if zh else "  The model failed; the rules' result stands: "
        yield Styled(lead + ", ".join(failed), style="yellow")
    calls, tokens = sum(u.calls for u in c.model_use), sum(u.tokens_in + u.tokens_out for u in c.model_use)
    dropped = sum(len(u.dropped) for u in c.model_use)
    spent_zh = f"{calls} 次调用，{tokens} 词元；{dropped} 条建议未采纳"
    spent_en = f"{calls} calls, {tokens} tokens; {dropped} proposals not taken"
    yield Styled(f"  {c.model_use[0].model}: {spent_zh if zh else spent_en}", style="dim")


def _documents(c: Consultation, drafts: bool, heading: Styled) -> Iterator[RenderableType]:
    if not c.documents:
        return
    yield heading
    chosen = c.documents if drafts else [d for d in c.documents if d.kind == "outpatient-record"]
    for d in chosen:
        yield from (Styled("  │ " + line) for line in d.text().split("\n"))
        yield Styled("")
    others = [d.title for d in c.documents if d not in chosen]
    if others:
        yield Styled(
            ("  另有草稿（--drafts 显示）：" if c.lang == "zh" else "  Also drafted (--drafts shows them): ")
            + ("、" if c.lang == "zh" else ", ").join(others),
            style="dim",
        )

"""The beginning of the document: what it is, what failed, what changed, the alerts, the impression."""

from __future__ import annotations

from collections.abc import Iterator

from yingzhi.agents.team import TEAM
from yingzhi.clinical.alert import Alert
from yingzhi.clinical.consultation import Consultation, Fault
from yingzhi.clinical.words import Language, Text
from yingzhi.service.markdown.blocks import bullets, code, heading, quoted, say, strong
from yingzhi.service.markdown.escape import escape
from yingzhi.tools.differential import percent
from yingzhi.tools.documents.drafts import LABEL

DECIDES = Text(
    en="It supports the decision and does not make it: the doctor decides, and nothing holds until a doctor has signed.",
    zh="仅辅助决策，不替代医师：由医师作出判断，医师签名前一律无效。",
)
LEVELS = {
    "critical": Text(en="🔴 Critical", zh="🔴 危急"),
    "warning": Text(en="🟠 Warning", zh="🟠 警示"),
    "notice": Text(en="🔵 Notice", zh="🔵 提示"),
}
BY_MODEL = Text(en="(a model's notice; no rule confirms it)", zh="（模型提示，未经规则核实）")
REVIEWS = {"signed": Text(en="Signed by a doctor.", zh="医师已签名。"), "rejected": Text(en="Rejected by a doctor.", zh="医师已退回。")}


def specialist_name(specialist: str, language: Language) -> str:
    """A specialist's name as it is shown."""
    zh = next((s.zh for s in TEAM if s.name == specialist), "反方质疑" if specialist == "challenge" else specialist)
    return escape(zh if language == "zh" else specialist.capitalize())


def label(c: Consultation) -> Iterator[str]:
    """What this document is: drafted by AI, decided by a doctor; and whether a part of it failed."""
    lines = [strong(say(LABEL, c.lang)), say(DECIDES, c.lang)]
    if c.review in REVIEWS:
        lines.append(strong(say(REVIEWS[c.review], c.lang)))
    yield quoted(lines)
    if c.status == "failed":
        yield strong("未能完成会诊。" if c.lang == "zh" else "The consultation failed.") + f" {escape(c.error)}"
    if c.faults:
        yield heading(c.lang, "What did not work", "运行失败的部分")
        yield bullets(_fault(f, c.lang) for f in c.faults)


def _fault(fault: Fault, language: Language) -> str:
    name, reason = strong(specialist_name(fault.specialist, language)), escape(fault.reason)
    if fault.standing:
        return f"{name} ({reason}): the rules' result stands." if language == "en" else f"{name} （{reason}）：规则结果仍然有效。"
    return f"{name} ({reason}): not checked." if language == "en" else f"{name} （{reason}）：未核查。"


def changes(c: Consultation) -> Iterator[str]:
    """What a new round changed, and because of what."""
    yield heading(c.lang, "What changed, and why", "变化及原因")
    if not c.changes:
        yield "诊断概率无明显变化。" if c.lang == "zh" else "No diagnosis moved noticeably."
        return
    diagnoses = {d.id: d.zh if c.lang == "zh" else d.en for d in c.differential}
    findings = _finding_names(c)
    yield bullets(
        f"{strong(escape(diagnoses.get(m.diagnosis, m.diagnosis)))} {percent(m.before)} → {percent(m.after)}"
        + _because([findings.get(f, f) for f in m.because], c.lang)
        for m in c.changes
    )


def _because(names: list[str], language: Language) -> str:
    if not names:
        return "（其他诊断变化所致）" if language == "zh" else " (because others moved)"
    listed = ("、" if language == "zh" else ", ").join(escape(n) for n in names)
    return f"（因：{listed}）" if language == "zh" else f" (because of: {listed})"


def _finding_names(c: Consultation) -> dict[str, str]:
    names = {cell.finding: cell.named().say(c.lang) for d in c.differential for cell in d.cells}
    for f in c.history.findings if c.history else []:
        absent = f.status == "absent"
        names[f.id] = (f"无{f.zh}" if absent else f.zh) if c.lang == "zh" else (f"no {f.en}" if absent else f.en)
    return names


def alerts(c: Consultation) -> Iterator[str]:
    """Every alert, gravest first."""
    yield heading(c.lang, "Alerts", "风险提示")
    if c.alerts:
        yield bullets(alert_line(a, c.lang) for a in c.alerts)
    elif c.history is None or c.medication is None:
        yield (
            "检查未能全部完成，无法判断有无风险。" if c.lang == "zh" else "Not all checks could run: whether there is a risk is not known."
        )
    else:
        yield "已运行的规则未触发风险提示。" if c.lang == "zh" else "No alert was raised by the rules that ran."


def alert_line(a: Alert, language: Language) -> str:
    """One alert in one line: level, title, why, what to do, sources."""
    line = f"{strong(LEVELS[a.level].say(language))} {strong(say(a.title, language))}"
    if a.kind == "model":
        line += f" {BY_MODEL.say(language)}"
    line += f" — {say(a.why, language)}"
    if a.act:
        line += f" → {say(a.act, language)}"
    return line + "".join(f" {code(s)}" for s in a.sources)


def impression(c: Consultation) -> Iterator[str]:
    """The preliminary impression, and what the record lacks."""
    if c.history is None:
        return
    yield heading(c.lang, "Impression", "初步临床印象")
    yield say(c.history.impression, c.lang)
    if not c.history.about_skin:
        yield "病历未提及皮肤、毛发、甲或黏膜。" if c.lang == "zh" else "The record says nothing about skin, hair, nails or mucosa."
    if unread := c.history.unmapped_phenotypes:
        lead = "未纳入判断的表型：" if c.lang == "zh" else "Phenotypes that could not be weighed: "
        yield lead + " ".join(code(u) for u in unread)

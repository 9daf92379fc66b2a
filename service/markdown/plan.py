"""What to do: results read, the workup ladder, systemic links, level of care."""

from __future__ import annotations

from collections.abc import Iterator

from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.words import Language, Text
from yingzhi.clinical.workup import Rung, TestAdvice
from yingzhi.service.markdown.blocks import bullets, code, heading, say, strong
from yingzhi.service.markdown.escape import escape
from yingzhi.tools.documents.drafts import LEVEL, TIER, URGENCY, lab_words
from yingzhi.tools.workup_words import gain_words, need_words, where_words

STATUS = {"recommended": Text(en="now", zh="建议"), "waiting": Text(en="later", zh="暂缓"), "done": Text(en="done", zh="已做")}
BY_MODEL = Text(en="proposed by a model, confirmed by no rule", zh="模型建议，未经规则核实")


def results(c: Consultation) -> Iterator[str]:
    """Laboratory values with their flags, and what reports conclude."""
    if not c.history or not (c.history.labs or c.history.reports):
        return
    lines = []
    for lab in c.history.labs:
        line = f"{escape(lab.zh if c.lang == 'zh' else lab.en)} {say(lab_words(lab), c.lang)}"
        lines.append(f"{line} — {say(lab.problem, c.lang)}" if lab.problem else line)
    lines += [escape(r.conclusion.text) for r in c.history.reports if r.conclusion]
    if lines:
        yield heading(c.lang, "Results read", "报告解读")
        yield bullets(lines)


def ladder(c: Consultation) -> Iterator[str]:
    """Tests in tiers, each with its price and its reason, and the gate before each tier."""
    yield heading(c.lang, "Workup ladder", "检查路径")
    if c.workup is None:
        yield "未核查：该部分运行失败。" if c.lang == "zh" else "Not checked: this part failed."
        return
    price = f"{c.workup.price_now:.0f}"
    yield f"当前建议合计约{price}元，价格仅供参考。" if c.lang == "zh" else f"Recommended now: about {price} CNY (indicative prices)."
    if c.workup.bypass:
        yield strong(say(c.workup.bypass, c.lang))
    for n, rung in enumerate(c.workup.rungs, 1):
        yield _gate(n, rung, c.lang)
        if rung.tests:
            yield bullets(_test(t, c.lang) for t in rung.tests)


def _gate(number: int, rung: Rung, language: Language) -> str:
    gate = ("🟢 门槛已开" if rung.open else "⛔ 门槛未开") if language == "zh" else ("🟢 gate open" if rung.open else "⛔ gate shut")
    when = f" {'开放条件：' if language == 'zh' else 'Opens with: '}{say(rung.opens_when, language)}" if rung.opens_when else ""
    return f"### {number}. {TIER[rung.tier].say(language)} · {gate}\n\n{say(rung.why, language)}{when}"


def _test(t: TestAdvice, language: Language) -> str:
    zh = language == "zh"
    price = f"{t.price:.0f}元" if zh else f"{t.price:.0f} CNY"
    parts = [f"{strong(STATUS[t.status].say(language))} {escape(t.zh if zh else t.en)}", price, say(t.why, language)]
    if t.gain >= 0.05:
        parts.append(gain_words(t).say(language))
    if t.patient_risks:
        risks = ("、" if zh else ", ").join(say(r, language) for r in t.patient_risks)
        parts.append(("风险升高：" if zh else "raised risk: ") + risks)
    parts += [escape(c.act.say(language)) for c in t.cautions]
    parts += [escape(k.say(language)) for k in t.known[:2]]
    if t.elsewhere:
        parts.append(escape(where_words(t).say(language)))
    if t.derived_from == "model":
        parts.append(BY_MODEL.say(language))
    return " · ".join(parts)


def links(c: Consultation) -> Iterator[str]:
    """What outside the skin goes with the live diagnoses."""
    if c.systemic_links:
        yield heading(c.lang, "Systemic links", "跨系统关联")
        yield bullets(
            f"{strong(say(link.condition, c.lang))} — {say(link.act, c.lang)} {say(link.checked, c.lang)} {code(link.source)}"
            for link in c.systemic_links
        )


def conflicts(c: Consultation) -> Iterator[str]:
    """Where guidance disagrees, side by side."""
    if c.conflicts:
        yield heading(c.lang, "Guidance that disagrees", "指南分歧（并列）")
        for conflict in c.conflicts:
            yield strong(say(conflict.topic, c.lang))
            yield bullets(f"{say(side.says, c.lang)} {code(side.source)}" for side in conflict.sides)


def care(c: Consultation) -> Iterator[str]:
    """Which level of care, how soon, and why."""
    yield heading(c.lang, "Level of care", "分级诊疗")
    if c.referral is None:
        yield "未核查：该部分运行失败。" if c.lang == "zh" else "Not checked: this part failed."
        return
    refer = {"zh": " · 建议转诊", "en": " · refer"}[c.lang] if c.referral.refer else ""
    yield strong(f"{say(LEVEL[c.referral.level], c.lang)} · {say(URGENCY[c.referral.urgency], c.lang)}{refer}")
    r = c.referral
    lines = [say(reason, c.lang) for reason in r.reasons]
    lines += [f"{'转往' if c.lang == 'zh' else 'To'}: {say(r.to, c.lang)}"] if r.to else []
    lines += [escape(need_words(n).say(c.lang)) for n in r.needs]
    if lines:
        yield bullets(lines)

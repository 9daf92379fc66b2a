"""The next steps in words: what to ask, what to look for, what sets the leading diagnoses apart (决策路径)."""

from __future__ import annotations

from collections.abc import Sequence

from yingzhi.clinical.differential import Differential, SystemicLink
from yingzhi.clinical.history import History
from yingzhi.clinical.words import Text
from yingzhi.knowledge.load import Knowledge
from yingzhi.tools.differential import percent
from yingzhi.tools.text import lower_first

BEYOND = 2
"""How many links beyond the skin become steps."""


def decision_path(history: History, differential: Differential, knowledge: Knowledge, links: Sequence[SystemicLink] = ()) -> list[Text]:
    """Steps in order: act on danger, ask, look, tell the leaders apart, look beyond the skin, treat a working diagnosis or wait."""
    steps: list[Text] = []
    critical = [a for a in history.red_flags if a.level == "critical"]
    for alert in critical[:2]:
        if alert.act:
            steps.append(
                Text(
                    en=f"First, because of {lower_first(alert.title.en)}: {alert.act.en}", zh=f"首先处理“{alert.title.zh}”：{alert.act.zh}"
                )
            )
    if differential.confidence == "none":
        steps.append(
            Text(
                en="The record names no skin finding that can be weighed. Take the history and examine the whole skin.",
                zh="病历未提供可供判断的皮肤发现，请补充病史并全面查体。",
            )
        )
        return [*steps, *_beyond(links)]
    for how, en, zh in (("ask", "Ask", "追问"), ("examine", "Look for", "查体")):
        chosen = [q for q in history.questions if q.how == how][:3]
        if chosen:
            steps.append(Text(en=f"{en}: " + " ".join(q.ask.en for q in chosen), zh=f"{zh}：" + "".join(q.ask.zh for q in chosen)))
    names = {d.id: d for d in differential.diagnoses}
    for contrast in differential.contrasts[:3]:
        a, b = names[contrast.first], names[contrast.second]
        steps.append(
            Text(en=f"For {b.en} rather than {a.en}: {contrast.apart_by.en}.", zh=f"支持{b.zh}而非{a.zh}：{contrast.apart_by.zh}。")
        )
    steps += _danger_steps(differential, knowledge)
    steps += _beyond(links)
    top = differential.diagnoses[0]
    if differential.converged:
        steps.append(
            Text(
                en=f"Working diagnosis: {top.en}. See again if it does not go the expected way.",
                zh=f"目前工作诊断：{top.zh}；若病程不符应重新评估。",
            )
        )
    else:
        steps.append(
            Text(
                en="No diagnosis leads clearly: complete the cheap steps first, then rank again with the answers.",
                zh="尚无明确领先诊断：先完成低成本步骤，再据结果重新排序。",
            )
        )
    return steps


def _danger_steps(differential: Differential, knowledge: Knowledge) -> list[Text]:
    steps = []
    names = {d.id: d for d in differential.diagnoses}
    for disease in differential.must_not_miss[:3]:
        d = names[disease]
        tests = [
            knowledge.investigations[t.test].names
            for t in knowledge.diseases[disease].investigations
            if t.role in {"confirm", "when-in-doubt"} and t.test in knowledge.investigations
        ]
        how_en = f" {tests[0].en} settles it." if tests else ""
        how_zh = f"可由{tests[0].zh}明确。" if tests else ""
        danger_en, danger_zh = (d.danger.en.rstrip("."), d.danger.zh.rstrip("。")) if d.danger else ("dangerous", "高危")
        chance = percent(d.probability)
        steps.append(Text(en=f"Do not miss {d.en} ({chance}): {danger_en}.{how_en}", zh=f"勿漏{d.zh}（{chance}）：{danger_zh}。{how_zh}"))
    return steps


def _beyond(links: Sequence[SystemicLink]) -> list[Text]:
    """What to look for beyond the skin: strong links that are not checked through, those that the record speaks for first."""
    open_links = [x for x in links if x.strength == "strong" and (not x.checks or any(c.state in {"open", "for"} for c in x.checks))]
    return [
        Text(
            en=f"Beyond the skin, {x.condition.en}: {x.act.en.rstrip('.')}.",
            zh=f"皮肤之外，{x.condition.zh}：{x.act.zh.rstrip('。')}。",
        )
        for x in open_links[:BEYOND]
    ]

"""The gates of the workup ladder: what opens a tier, and what would open a shut one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.words import Text, Tier

ALWAYS_OPEN: tuple[Tier, ...] = ("ask-examine", "non-invasive")
TISSUE = frozenset({"histology", "immunofluorescence"})
Opener = Literal["", "harmless", "red-flag", "must-not-miss", "narrowed", "result"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate, with its reason in both languages."""

    open: bool
    why: Text
    by: Opener = ""
    when: Text | None = None
    """What would open it, where it is shut."""


ASK_FIRST = Text(
    en="Take the history and examine: one finding of skin, hair, nail or mucosa.", zh="先问诊查体，至少明确一项皮肤、毛发、甲或黏膜发现。"
)
MORE_FINDINGS = Text(
    en="Three telling findings and a diagnosis at 15 % or more; or a dangerous one that a blood test settles.",
    zh="至少三项有意义的发现、首位诊断≥15%，或存在可由血液检查明确的高危诊断。",
)
NARROWER = Text(
    en="Four telling findings and one diagnosis at half or three at 70 %; or a dangerous one that only tissue settles.",
    zh="至少四项有意义的发现，且首位≥50%或前三位合计≥70%；或存在须组织学确认的高危诊断。",
)
A_RESULT = Text(
    en="A narrow field with a tissue result; or a red flag or a likely dangerous diagnosis that only this tier settles.",
    zh="诊断已收敛并有病理结果；或危险信号、可能性大的高危诊断须此级检查明确。",
)


def gate(
    tier: Tier, differential: Differential, findings: Sequence[Finding], emergency: Sequence[Alert], dangerous: Sequence[Text]
) -> Gate:
    """Whether a tier is open, and why. More certainty, more results, more dangers never shut a gate that was open.

    Args:
        tier: Which one.
        differential: Current differential.
        findings: Findings of the record.
        emergency: Critical red flags; they open the blood gate, and a later one if a dangerous diagnosis is settled there.
        dangerous: Names of likely must-not-miss diagnoses that only this tier can settle.
    """
    if tier in ALWAYS_OPEN:
        return Gate(True, Text(en="Harmless and cheap: always open.", zh="无创、低成本，始终开放。"), "harmless")
    if emergency and (tier == "blood" or dangerous):
        flag = emergency[0].title
        return Gate(True, Text(en=f"Open: red flag ({flag.en}).", zh=f"已开放：危险信号（{flag.zh}）。"), "red-flag")
    if differential.confidence == "none":
        return Gate(
            False,
            Text(
                en="Shut: the record names no finding to test for; take history and examine first.",
                zh="未开放：病历尚无可供检验的发现，先完善问诊与查体。",
            ),
            when=ASK_FIRST,
        )
    if tier == "blood":
        return _blood(differential, dangerous)
    return _tissue(differential, dangerous) if tier == "minor-invasive" else _costly(differential, findings, dangerous)


def _blood(differential: Differential, dangerous: Sequence[Text]) -> Gate:
    if differential.confidence != "low":
        why = Text(en="Open: history and examination are sufficient to choose blood tests.", zh="已开放：问诊查体已足以选择血液检查。")
        return Gate(True, why, "narrowed")
    if dangerous:
        return Gate(True, _must_settle("a blood test", "血液检查", dangerous), "must-not-miss")
    why = Text(
        en="Shut: too little is known; ask and examine first, a blood test would be a shot in the dark.",
        zh="未开放：信息不足，先问诊查体，此时抽血缺乏针对性。",
    )
    return Gate(False, why, when=MORE_FINDINGS)


def _tissue(differential: Differential, dangerous: Sequence[Text]) -> Gate:
    if dangerous:
        return Gate(True, _must_settle("only tissue", "组织学", dangerous), "must-not-miss")
    if differential.converged:
        why = Text(en="Open: the field has narrowed to a few diagnoses.", zh="已开放：诊断已收敛至少数几种。")
        return Gate(True, why, "narrowed")
    why = Text(en="Shut: the field is still wide; cheaper steps can narrow it.", zh="未开放：诊断范围尚宽，先以低成本手段收敛。")
    return Gate(False, why, when=NARROWER)


def _costly(differential: Differential, findings: Sequence[Finding], dangerous: Sequence[Text]) -> Gate:
    if differential.converged and any(f.kind in TISSUE and f.status == "present" for f in findings):
        why = Text(en="Open: tissue result in hand and the field is narrow.", zh="已开放：已有病理结果且诊断收敛。")
        return Gate(True, why, "result")
    if differential.converged and dangerous:
        return Gate(True, _must_settle("a test of this tier", "本级检查", dangerous), "must-not-miss")
    why = Text(
        en="Shut: costly or invasive tests wait for a tissue or targeted result.", zh="未开放：高成本或有创检查须待病理或针对性结果。"
    )
    return Gate(False, why, when=A_RESULT)


def _must_settle(en: str, zh: str, dangerous: Sequence[Text]) -> Text:
    en_names, zh_names = list(dict.fromkeys(d.en for d in dangerous))[:2], list(dict.fromkeys(d.zh for d in dangerous))[:2]
    return Text(en=f"Open: {en} can settle {', '.join(en_names)}.", zh=f"已开放：{'、'.join(zh_names)}须由{zh}明确。")

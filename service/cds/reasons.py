"""Why a doctor may set a card aside, as a closed list in both languages."""

from __future__ import annotations

from yingzhi.clinical.words import Language, Text
from yingzhi.service.cds.wire import Coding

REASONS_SYSTEM = "https://yingzhi.invalid/cds/override-reason"
TOPICS_SYSTEM = "https://yingzhi.invalid/cds/topic"

REASONS: dict[str, Text] = {
    "benefit-outweighs": Text(en="The benefit outweighs the risk here", zh="获益大于风险"),
    "will-monitor": Text(en="Monitored, or monitoring is arranged", zh="已监测或已安排监测"),
    "tolerated-before": Text(en="The patient has tolerated it", zh="患者既往耐受"),
    "dose-adjusted": Text(en="Dose or timing is adjusted", zh="已调整剂量或用药时间"),
    "no-alternative": Text(en="There is no suitable alternative", zh="无合适替代方案"),
    "known-and-handled": Text(en="Known and dealt with", zh="已知晓并处理"),
    "record-outdated": Text(en="The record is wrong or out of date", zh="病历有误或已过时"),
    "does-not-apply": Text(en="Does not apply to this patient", zh="不适用于该患者"),
    "patient-informed": Text(en="The informed patient wishes it", zh="患者知情后选择"),
}
TOPICS: dict[str, Text] = {
    "red-flag": Text(en="Red flag", zh="危险信号"),
    "interaction": Text(en="Interaction", zh="相互作用"),
    "combined": Text(en="Combined effect", zh="叠加作用"),
    "condition": Text(en="Disease", zh="疾病禁忌"),
    "renal": Text(en="Kidney function", zh="肾功能"),
    "age": Text(en="Age", zh="年龄"),
    "pregnancy": Text(en="Pregnancy", zh="妊娠"),
    "lactation": Text(en="Breast-feeding", zh="哺乳"),
    "fertility": Text(en="Contraception", zh="避孕"),
    "allergy": Text(en="Allergy", zh="过敏"),
    "dose": Text(en="Dose", zh="剂量"),
    "duplicate": Text(en="Duplication", zh="重复用药"),
    "watch": Text(en="To watch", zh="需注意"),
    "monitoring": Text(en="Monitoring", zh="监测"),
    "not-checked": Text(en="Not checked", zh="未核查"),
}


def override_reasons(lang: Language) -> tuple[Coding, ...]:
    """The list as a card carries it."""
    return tuple(Coding(code=code, system=REASONS_SYSTEM, display=words.say(lang)) for code, words in REASONS.items())


def topic(code: str, lang: Language) -> Coding:
    """What a card is about."""
    return Coding(code=code, system=TOPICS_SYSTEM, display=TOPICS.get(code, Text(en=code, zh=code)).say(lang))

"""The ladder and the referral in words, the same for the terminal, the chat and the drafts."""

from __future__ import annotations

from yingzhi.clinical.words import Text
from yingzhi.clinical.workup import Need, TestAdvice

KINDS = {
    "test": Text(en="Not done here", zh="本机构不能开展"),
    "drug": Text(en="Not stocked here", zh="本机构未配备药物"),
    "specialist": Text(en="No such specialist here", zh="本机构无该专科"),
}
NOT_HERE = Text(en="usually not at this level", zh="本级多不具备")


def gain_words(t: TestAdvice) -> Text:
    """Information, and what of it there is for the money and for the harm."""
    en, zh = f"gain {t.gain:.2f} bit", f"信息量 {t.gain:.2f} bit"
    if t.gain_per_100_cny is not None:
        en, zh = f"{en}, {t.gain_per_100_cny:.2f} per 100 CNY", f"{zh}，每百元 {t.gain_per_100_cny:.2f}"
    if t.gain_per_harm is not None:
        en, zh = f"{en}, {t.gain_per_harm:.2f} per harm point", f"{zh}，每风险点 {t.gain_per_harm:.2f}"
    return Text(en=en, zh=zh)


def where_words(t: TestAdvice) -> Text:
    """That it can't be done here, and where it can."""
    if t.where is None:
        return NOT_HERE
    return Text(en=f"not here: {t.where.en}", zh=f"本机构不能开展，可至{t.where.zh}")


def need_words(n: Need) -> Text:
    """Something that is needed and not here."""
    kind = KINDS[n.kind]
    at = Text(en=f" ({n.where.en})", zh=f"（{n.where.zh}）") if n.where else Text(en="", zh="")
    return Text(en=f"{kind.en}: {n.en}{at.en}", zh=f"{kind.zh}：{n.zh}{at.zh}")

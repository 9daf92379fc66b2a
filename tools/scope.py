"""What a sentence says about a match: there, not there, suspected; of whom; now or in the past.

Cue words act inside their sentence, up to a word that ends their reach (after NegEx and ConText: Chapman et al. 2001,
Harkema et al. 2009). Chinese cues are characters in a row, English ones whole words, both already folded by `tools.text`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from yingzhi.tools.text import Token

SENTENCE_END = {"。", "；", ";", "！", "!", "？", "?"}
COMMA = {",", "，"}


@dataclass(frozen=True, slots=True)
class Scope:
    """How a match is meant."""

    status: Literal["present", "absent", "uncertain"] = "present"
    experiencer: Literal["patient", "family"] = "patient"
    temporality: Literal["current", "past"] = "current"
    hypothetical: bool = False
    remote: bool = False
    """Whether the sentence sets it months or years ago as an event with a cause and nothing says that it went on: an old reaction."""


def _words(phrases: str) -> re.Pattern[str]:
    """English phrases, one a line or parted by `|`, as whole words."""
    listed = [" ".join(p.split()) for line in phrases.strip().splitlines() for p in line.split("|")]
    return re.compile(" (?:" + "|".join(sorted((re.escape(p) for p in listed if p), key=len, reverse=True)) + ") ")


def _han(phrases: str) -> re.Pattern[str]:
    """Chinese phrases parted by spaces, as runs of single-character tokens."""
    return re.compile("(?:" + "|".join(sorted((" ".join(p) for p in phrases.split()), key=len, reverse=True)) + ")")


EN_NO = _words("""
    no|not|without|deny|denied|denying|negative for|absence of|absent|lack|lacking|lack of|free of|never|nor|neither|ruled out|rule out
    none of|nowhere|hardly any|hardly|scarcely|barely any
    spare|spared|sparing|resolution of|doesn't|don't|won't|wouldn't|didn't|isn't|wasn't|weren't|hasn't|haven't|hadn't
    cannot|unlike|rather than
""")
EN_NO_FALSE = _words("""
    no improvement|not improve|not improved|not respond|not responded|no response|no relief|not resolve|not resolved|no longer|not only
    without improvement|without relief|without success|no effect|not certain|no change|not helped|without treatment|not been|no known
    no significant past medical history|no wonder|not sure|not clear|not heal|not healed|not healing
""")
EN_NO_END = _words("but|however|although|though|except|which|who|until|because|despite|aside|apart|other than|besides|yet")
_FREE = "absent|negative|spared|uninvolved|unaffected|normal|unremarkable|intact"
EN_AFTER = re.compile(rf"^(?: [a-z]+){{0,2}}? (?:(?:is|was|are|were|be|been) (?:\w+ )?(?:{_FREE}|denied|excluded|not \w+)|{_FREE})\b")
EN_MAYBE = _words("""
    possible|possibly|probable|probably|maybe|may be|might be|suspected|suspicion of|suspicious for|suggestive of|questionable
    concern for|concerning for|presumed|presumptive|consistent with|likely|consider|versus
""")
_KIN = "mother|father|brother|sister|parent|sibling|uncle|aunt|grandmother|grandfather|cousin"
EN_FAMILY = re.compile(
    rf" (?:family history|family member|familial|(?:his|her|their|the) (?:{_KIN}|son|daughter)"
    rf"|(?:{_KIN}) (?:once |always |never |only |just )?(?:also|both|has|have|had|with|was|were|who|is)) "
)
EN_FAMILY_VERB = re.compile(r" (?:has|have|had|with|was|were|history|also|suffer|suffered|diagnosed|of|for) ")
EN_SPEAKS = re.compile(
    r" (?:report|state|note|bring|brought|say|said|notice|noticed|stated|noted|reported|describe|described|concerned|worried) "
)
EN_PAST = _words("""
    history of|past medical history|medical history|previously|previous|prior|in the past|past history|in childhood|childhood history
    resolved|formerly|as a child|as a boy|as a girl|as a baby|as an infant|as a toddler|as a teenager|as a young man|as a young woman
    when he was a child|when she was a child|when he was little|when she was little
""")
EN_PAST_AFTER = re.compile(
    r"^(?: (?!since|now)[\w'-]+){0,6}? (?:as an? (?:child|boy|girl|baby|infant|toddler|teenager)"
    r"|in (?:childhood|infancy|his youth|her youth)) "
)
EN_LONG_AGO = re.compile(
    r" (?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|some|many|few) (?:year|month) (?:ago|before) "
)
EN_GOES_ON = re.compile(r" (?:since|ever|still|now|began|begun|started|onset|recurrent|repeated|again|gradually|progressive|persistent) ")
EN_REACTION = re.compile(
    r" (?:after|following|allergic|allergy|injection|reaction|sting) | (?:with|from|to) \w+(?:cillin|mycin|xacin|zole|profen) "
)
EN_PAST_FALSE = re.compile(r" (?:day|week|month|year|hour|\d+) history of ")
EN_NOW = re.compile(r" (?:present|presents|presented|now|currently|today) ")
EN_HYPO = _words("if|in case of|should|return if|risk of|at risk for|to prevent|prevention of|screen for|screening for|advised to")
EN_NEW_CLAUSE = re.compile(
    r" (?:is|are|was|were|has|had|have|show|showed|reveal|revealed|present|presented|report|reported|note|noted|he|she|they|his|her|there"
    r"|examination|exam|physical|on|with|where|then|now|complain) "
)
ZH_NO = _han("无 未 没 没有 否认 未见 未触及 未及 不伴 非 排除 并无 亦无 均无 不 无明显 未出现 未累及 不累及 未闻及")
ZH_NO_FALSE = _han("""
    无明显诱因 无诱因 无效 不明 未愈 不愈 不缓解 未缓解 无缓解 不见好 未见好转 无好转 不退 未消退 未治疗 未诊治 未予 未就诊 未重视
    未处理 不能 无法 不规则 不规律 不均 不清 不一 不等 不好 不了 不住 不知 不断 不止 不明显 不佳 不消 不全 不洁 不适 不同 不整 不易
    无改善 不敢 没好 没用 没效果 不对称 不管 不但 不仅 不久 未婚 非常 非典型 无意 未成年 不慎 没去 没敢 没做 不行 不掉 不到 不过
    不超过 不齐 没注意 不平 不高 不太
""")
ZH_NO_END = _han("但 伴 可见 出现 然而 仅 有 见 后 时")
ZH_DENY = _han("否认")
ZH_AFTER = re.compile(
    r"^(?: [、，]| [一-鿿]){0,2}? ?"
    r"(?:阴 性|[（(] ?[-—－–] ?[)）]|未 见|未 触 及|均 无|均 阴 性|正 常|无 异 常|未 见 异 常|无 殊|光 滑 完 整"
    r"|不 明 显|未 受 累|未 累 及|不 受 累|消 失)"
)
ZH_MAYBE = _han("可疑 疑似 疑 可能 考虑 待排 似 像 是不是 是否 不除外 不排除 怀疑 会不会")
ZH_FAMILY = _han("""
    家族 家族史 父亲 母亲 父母 其父 其母 哥哥 弟弟 姐姐 妹妹 兄弟 姐妹 爷爷 奶奶 外公 外婆 祖父 祖母 儿子 女儿 爸爸 妈妈 亲属 家人
""")
ZH_FAMILY_VERB = _han("有 患 也 同样 均 都 史")
ZH_SPEAKS = _han("诉 代诉 发现 陈述 带 说 称 怀 妊 孕 分娩")
ZH_PAST = _han("既往 曾 曾经 以前 病史 幼时 小时候 患过 过去")
ZH_NOW = re.compile("现|今|目 前|近|再 次|加 重")
ZH_CHILDHOOD = re.compile("(?:儿 时|童 年|幼 年|年 幼|少 年 时|年 轻 时)(?! 起| 开 始| 即| 就)")
ZH_LONG_AGO = re.compile(r"(?:\d+|[一二三四五六七八九十半数几多])(?: 余| 多| 来)? (?:年|个 (?:余 )?月|月)(?: 余| 多)? 前|去 年|前 年")
ZH_GOES_ON = re.compile("起 病|开 始|反 复|至 今|持 续|逐 渐|加 重|间 断|现|目 前|近|再 次|仍|每")
ZH_REACTION = re.compile("过 敏|注 射|输 液|静 滴|静 脉|肌 注|打 针|口 服|服 用|服 药|服|吃|食|蜇|叮|抢 救")
ZH_HYPO = _han("如出现 若出现 如有 若有 预防 避免 防止 警惕 注意有无 以防")


def sentence_bounds(tokens: list[Token], text: str) -> list[tuple[int, int]]:
    """First and one-past-last token index of each sentence; a line break ends one, a full stop only before a space or the end."""
    bounds: list[tuple[int, int]] = []
    start = 0
    for i, token in enumerate(tokens):
        following = text[token.end : tokens[i + 1].start] if i + 1 < len(tokens) else "\n"
        stop = token.text in SENTENCE_END or "\n" in following or (token.text in {".", "．"} and bool(following))
        if stop:
            bounds.append((start, i + 1))
            start = i + 1
    if start < len(tokens):
        bounds.append((start, len(tokens)))
    return bounds


def read_scope(tokens: list[Token], first: int, last: int, bounds: tuple[int, int], gap: tuple[int, int] | None = None) -> Scope:
    """Judge one match from the words around it in its sentence, and from those between its parts.

    Args:
        tokens: Tokens of the text.
        first: Index of the match's first token.
        last: Index of its last token.
        bounds: The sentence's first and one-past-last token index.
        gap: First and one-past-last token index between the parts of the match ("lips [are not] swollen").
    """
    before = _joined(tokens, bounds[0], first)
    after = _joined(tokens, last + 1, min(bounds[1], last + 13))
    chinese = any("一" <= t.text[0] <= "鿿" for t in tokens[first : last + 1]) or (
        not before.strip().isascii() and "一" <= tokens[max(first - 1, bounds[0])].text[0] <= "鿿"
    )
    named = _joined(tokens, first, last + 1)
    scope = _chinese_scope(before, named, after) if chinese else _english_scope(before, named, after)
    if gap is None or scope.status == "absent":
        return scope
    between = _joined(tokens, *gap)
    denied = _chinese_negated(ZH_NO_FALSE.sub("_", between)) if chinese else EN_NO.search(EN_NO_FALSE.sub(" _ ", between))
    return replace(scope, status="absent") if denied else scope


def _joined(tokens: list[Token], first: int, last: int) -> str:
    return " " + " ".join(t.text for t in tokens[first:last]) + " "


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    position = 0
    while match := pattern.search(text, position):
        found, position = match, match.start() + 1
    return found


def _english_scope(before: str, named: str, after: str) -> Scope:
    masked = EN_NO_FALSE.sub(" _ ", before)
    cue = _last(EN_NO, masked)
    absent = (cue is not None and _english_reach(masked[cue.end() - 1 :])) or bool(EN_AFTER.match(after))
    near = f" {' '.join(before.split()[-6:])} "
    maybe = bool(EN_MAYBE.search(near)) or after.startswith(" ?")
    return Scope(
        status="absent" if absent else "uncertain" if maybe else "present",
        experiencer="family" if _english_family(before, named) else "patient",
        temporality="past" if _english_past(before) or EN_PAST_AFTER.match(after) else "current",
        hypothetical=bool(EN_HYPO.search(near)),
        remote=_remote(before, after, EN_LONG_AGO, EN_GOES_ON, EN_REACTION),
    )


def _english_family(before: str, named: str) -> bool:
    """A relative is named and what the relative has; the verb may stand in the wording itself ("has psoriasis")."""
    kin = _last(EN_FAMILY, before + named[1:])
    if kin is None or kin.start() >= len(before):
        return False
    return bool(EN_FAMILY_VERB.search((before + named[1:])[kin.start() :])) and not EN_SPEAKS.search(before[kin.start() :])


def _english_past(before: str) -> bool:
    past = _last(EN_PAST, before)
    if past is None or EN_PAST_FALSE.search(before[max(0, past.start() - 12) : past.end()]):
        return False
    return not EN_NOW.search(before[past.end() - 1 :])


def _english_reach(between: str) -> bool:
    """Whether a negation still holds after the words `between` it and the match."""
    if EN_NO_END.search(between):
        return False
    pieces = re.split(r" [,，:] ", between)
    if len(pieces) == 1:
        return len(between.split()) <= 7 and not re.search(r" (?:with|has|have|had) ", between[3:])
    return all(len(p.split()) <= 6 for p in pieces) and not any(EN_NEW_CLAUSE.search(f" {p} ") for p in pieces[1:])


def _chinese_scope(before: str, named: str, after: str) -> Scope:
    clause = re.split(r"[，,]", before)[-1]
    absent = _chinese_negated(ZH_NO_FALSE.sub("_", before)) or bool(ZH_AFTER.match(after))
    maybe = bool(ZH_MAYBE.search(clause)) or after.strip().startswith(("?", "？", "待 排"))
    return Scope(
        status="absent" if absent else "uncertain" if maybe else "present",
        experiencer="family" if _chinese_family(before, named + after) else "patient",
        temporality="past" if _chinese_past(before) else "current",
        hypothetical=bool(ZH_HYPO.search(clause)),
        remote=_remote(before, after, ZH_LONG_AGO, ZH_GOES_ON, ZH_REACTION),
    )


def _chinese_negated(masked: str) -> bool:
    """Whether the last negation reaches the end of `masked`; one that denies reaches over commas."""
    cue = _last(ZH_NO, masked)
    if cue is None:
        return False
    between = masked[cue.end() :]
    deny = bool(ZH_DENY.match(cue.group()))
    size = len(between.split())
    if ZH_NO_END.search(between) or size > (60 if deny else 24) or (cue.group() == "不" and size > 3):
        return False
    return deny or not any(c in between for c in COMMA)


def _chinese_family(before: str, after: str) -> bool:
    """A relative is named and close by, what the relative has; not: a relative tells of the patient."""
    kin = _last(ZH_FAMILY, before)
    if kin is None or ZH_SPEAKS.search(before[kin.end() :]):
        return False
    return "家 族" in kin.group() or bool(ZH_FAMILY_VERB.search(before[kin.end() : kin.end() + 14] + after[:4]))


def _remote(before: str, after: str, ago: re.Pattern[str], goes_on: re.Pattern[str], reaction: re.Pattern[str]) -> bool:
    if not (ago.search(before) or ago.search(after)):
        return False
    return bool(reaction.search(before + after)) and not goes_on.search(before + after)


def _chinese_past(before: str) -> bool:
    past = ZH_PAST.search(before) or ZH_CHILDHOOD.search(before)
    return past is not None and not ZH_NOW.search(before[past.end() :])

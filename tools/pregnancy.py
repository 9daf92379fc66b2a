"""Whether words of pregnancy or nursing tell of now: not of an earlier pregnancy, a wish, a test, a warning, or another person."""

from __future__ import annotations

import re
from itertools import islice

from yingzhi.tools.text import simplify, tokenize

_PREGNANT = re.compile(
    r" (?:(?:during|in|late|early|second|third|first|last|week|month|of|expecting|carrying|a|baby|twin|\d+|g \d+ p \d+|gravida(?: \d+)?) )*"
    r"(?:pregnancy|pregnant|gravid|gravida(?: \d+)?|multigravida|trimester|gestation|gestational|prenatal|expecting (?:a baby|twin)"
    r"|carrying twin|g \d+ p \d+)(?: (?:week|~|\d+|of))* "
    r"| (?:[妊娠怀孕周妇后期间了早中停经产检现龄宫内二胎晚末月个余七八九首初] |\d+ )+"
)
_MOTHERHOOD = re.compile(r"妊 娠|孕|停 经|产 检|pregnan|gravid|gestation|trimester|prenatal|expecting|carrying| g \d+ p \d+ ")
_NURSING = re.compile(
    r" (?:breastfeeding|breast - feeding her baby|breast feeding|lactating|nursing mother|lactation) |哺 乳|喂 奶"
    r"|喂 母 乳"
)
_TO_END = re.compile(
    r"(?:要 求|拟|考 虑|想|欲|准 备|计 划|建 议|需|须|决 定|咨 询|等 待)(?: [^ ,，]){0,4} 终 止 $"
    r"| (?:consider|considering|request|requested|requesting|want|wanting|wish|wishing|plan|planned|planning|for|discuss|discussed"
    r"|discussing|seeking|scheduled|awaiting|offered)(?: (?:a|an|the|to|have|medical|surgical|early))*"
    r" termination of(?: (?:the|her|this|a))* $"
)
"""Before a pregnancy that is yet to be ended."""
_WELL = re.compile(r"^ (?:期 |的 )?(?:均 |都 |一 切 |基 本 )*(?:正 常|无 异 常|未 见 (?:明 显 )?异 常|顺 利|平 稳)")
"""Behind words of pregnancy: what is normal is there, it is not denied."""
_CLAUSE = re.compile(r" [,，、;；:：.。] ")
_PERIOD = re.compile(r"孕 期|妊 娠 期|期 间|孕 [早中晚] 期| during pregnancy ")
_DELIVERED = re.compile(r"产 后| postpartum | after (?:delivery|childbirth) | (?:gave|given|giving) birth ")

_N = r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|some|many|few)"
_LONG = rf"(?: {_N} year| (?:1\d|2\d) month) (?:ago|before|earlier|previously|back) | in (?:19\d\d|20[01]\d) "
_AGO = re.compile(_LONG)
_AGO_THEN = re.compile(
    rf"(?:{_LONG})(?:(?:, )?(?:she |i |patient |the patient )?(?:was |had been |became |got |fell |during |in )(?:\d+ week )?)?$"
)
_NOW = re.compile(r" (?:now|currently|today|presently|again|is|are|am|present) ")
_EARLIER = re.compile(
    r" (?:previous|prior|past|last|former|earlier|previously|history of|hx of|h/o|after|following|post -?|between|termination of)"
    r"(?: (?:her|the|a|an|that|this|normal|uneventful|uncomplicated|term|successful|healthy|twin|two|three|\d+))* $"
)
_COUNTED = re.compile(
    r" (?:\d+|two|three|four|five|all|both|each|every|other|multiple|several|many)(?: (?:of|her|normal|other|term"
    r"|successful))* $"
)
_WHEN = re.compile(r" (?:when|while) (?:she|i|patient|the patient) (?:was|had been)(?: last| first)? $")
_WISHED = re.compile(
    r" (?:plan|planning|planned|trying|try|tried|wish|wishing|want|wanting|hope|hoping|intend|intending|desire|consider|considering|avoid"
    r"|avoiding|prevent|preventing|prevention of|contemplating|attempting|may become|might become|could become|can become|may get|may fall)"
    r"(?: (?:to|a|an|another|her|the|second|third|next|become|becoming|be|get|getting|fall|falling|for|of|on|soon|this|future))* $"
)
_WARNED = re.compile(
    r" (?:contraindicated|avoid|avoided|unsafe|safe|teratogenic|harmful|forbidden|not recommended)(?: (?:during|in|for|and))*"
    r"(?: (?:pregnancy|pregnant women|lactation))?(?: (?:and|or))? $"
)
_OVER = re.compile(r" (?:no longer|stopped|stopping|finished|finishing|ceased|ended|completed)(?: (?:being|is|her|was))? $")
_BORN = re.compile(r" (?:born|delivered|preterm|premature|birth)(?: [a-z]+){0,4}(?: \d+)?(?: \+ \d+)? $")
_NOT_HERS = re.compile(
    r"^ (?:(?:test|testing|kit)(?! (?::|:|is|was|came back)?(?: ?(?:now )?)?(?:is |was )?(?:positive|\+))|prevention|planning|wish|category"
    r"|registry|status|loss|infant|baby|newborn|neonate|girl|boy|wife|partner|sister|daughter|colleague|friend|girlfriend|mother"
    r"|relative)\b"
)
_POSITIVE = re.compile(r" positive (?:urine |serum |blood )?$")
_LOST = re.compile(r" (?:miscarri\w*|terminated|aborted|abortion|stillbirth|ended) ")
_AT_WEEKS = re.compile(
    r"^(?: [,(])?(?: now| currently| is)?(?: at| @)? \d+(?: \+ \d+)? (?:week|wk|w|/ 40)(?! (?:of (?!gest|preg)|history|ago|duration))"
    r"|^[^.;]{0,40}(?: now| currently| at| @) \d+(?: \+ \d+)? (?:week|wk|/ 40)(?! (?:of (?!gest|preg)|history|ago|duration))"
    r"| pregnant | pregnancy | gestation | trimester |孕 ?\d|妊 娠|怀 孕"
)

_ZH_AGO = (
    r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九十数几多](?: [一二三四五六七八九十])?)(?: 余| 多| 来)? 年(?: 余| 多"
    r"| 半)? (?:以 )?前|1\d (?:余 )?个 月 前"
)
_AGO_ZH = re.compile(_ZH_AGO)
_AGO_THEN_ZH = re.compile(rf"(?:{_ZH_AGO})(?: [,，])? ?(?:因 |在 |于 |曾 |其 |患 者 )*$")
_AGO_AFTER = re.compile(
    rf"^ (?:[^ ,，。;；.]+ ){{0,5}}[,，(（] (?:{_ZH_AGO}|(?:about )?{_N} year (?:ago|before"
    rf"|earlier)) (?:[,，。.;；)）]|$)"
)
"""A time of its own behind the words: "第一胎妊娠时出现，10年前。"."""
_NOW_ZH = re.compile("现|目 前|今|已|近|再 次|此 次|本 次|正 在")
_EARLIER_ZH = re.compile(
    r"(?:既 往|曾|以 往|过 去|上 次|前 次|上 一 胎|前 一 胎|上 胎|前 胎|末 次(?! 月)|历 次|前 (?:\d+|[一二两三]) 次|每 次|多 次"
    r"|(?<!第 )(?<!再 )(?:\d+|[一二两三四]) 次|终 止)(?: (?!现|今|目)[^ ]){0,6} $"
)
_EARLIER_AFTER_ZH = re.compile(r"^ (?:期 |时 )?(?:史|过(?! [程敏期])|次 数|终 止|结 束|(?:\d+|[一二两三四五六七八九多数几]) 次)")
_CHILD_ZH = re.compile(r"第 (?:[一二三四]|\d) 胎 (?:[^ ] ){0,3}$")
_WISHED_ZH = re.compile(
    r"(?:计 划|准 备|打 算|想|希 望|拟|有 意|避 免|防 止|预 防|试 图|尝 试|渴 望)"
    r"(?: (?:再|次|近|期|要|第|二|三|胎|在|停|药|后|其|个|年|月|内|\d+|[一二两三半]))* $"
)
_WISHED_AFTER_ZH = re.compile(r"^ (?:的 )?(?:计 划|打 算|要 求|需 求|意 愿|愿 望|准 备)")
_NOT_HERS_ZH = re.compile(
    r"^ (?:(?:试 验|检 测|检 查|化 验|测 试|筛 查)(?!(?: [^ ，,。；]){0,4}? ?(?:阳|[（(] ?\+|\+))|(?:期 |妇 |妇 女 |及 |和 |、 |哺 乳 期 )*"
    r"(?:禁|慎|忌|不 宜|避 免 使 用))"
)
_KIN_ZH = re.compile(
    r"(?:母 亲|其 母|母|妈 妈|妻 子|妻|爱 人|老 婆|姐 姐|妹 妹|嫂 子|女 儿|儿 媳|同 事|朋 友|家 中 有|家 里 有|接 触|亲 戚|邻 居)"
    r"(?: [在于的曾现正已为是系过])* $"
)
_ENDED_ZH = re.compile(
    r"(?<!先 兆 )(?<!习 惯 性 )(?<!预 防 )(?:流 产|引 产|人 流|胎 停|清 宫|分 娩|剖 宫 产|顺 产|早 产|娩 出|足 月 产|出 生"
    r"|生 产)(?! (?:可 能|征 兆|风 险|先 兆|史))"
)
_WAITED_ZH = re.compile("先 兆|待|拟|将|预 产|未 分|避 免|预 防")
_MENOPAUSE_ZH = re.compile(r"^ (?:已 |约 )?(?:\d+|[一二两三四五六七八九十数多](?: [一二三四五六七八九十])?)(?: 余| 多)? 年")
_NURSED_ZH = re.compile(r"(?:停 止|结 束|停|断|不 再|未 再|曾|既 往|上 次|准 备|计 划|拟|打 算)(?: [^ ]){0,2} $")
_NURSED_AFTER_ZH = re.compile(r"^ (?:期 )?(?:史|结 束|已 (?:停|结 束|断)|停 止|过(?! 敏))")

_EXPECTING = re.compile(
    r"\b\d{1,2}(?:\s*\+\s*\d)?[\s-]*(?:weeks?|wks?|months?)['’]?[\s-]*(?:of\s+)?(?:pregnan(?:t|cy)|gestation|gravid)"
    r"|\b(?:pregnan(?:t|cy)|gestation|gravid)\b[^.;,\n]{0,20}?\b\d{1,2}(?:\s*\+\s*\d)?\s*(?:weeks?|wks?)"
    r"|\b(?:primi|multi|secundi)?gravida\b(?:\s+\d+)?(?:,?\s+para\s+\d+)?,?\s*(?:at\s+|@\s*|now\s+)?\d{1,2}(?:\s*\+\s*\d)?\s*(?:weeks?|wks?|/40)"
    r"|\bg\d{1,2}\s?p\d{1,2}(?:\s?[alt]\d{1,2}){0,3}\b[^.;\n]{0,24}?(?:\bat|@|,|\bnow|\bcurrently)\s*\d{1,2}(?:\s*\+\s*\d)?\s*(?:weeks?|wks?|/40)"
    r"|\b(?:pregnan(?:t|cy)|gestation|gravid)[^.;,\n\d]{0,12}\b(?:[4-9]|[1-3]\d|4[0-2])(?:\+\d)?/40\b"
    r"|(?:(?<![避不未])孕|妊娠)\s*(?:约|已|第)?\s*(?:\d{1,2}|[一二两三四五六七八九十]{1,3})\s*(?:\+\s*\d?|余|多)?\s*(?:周|个?月|w)"
    r"|(?:目前|现|已|正)(?:处于|在)?(?:妊娠|怀孕|孕)(?!试验|检)"
    r"|\bg\d{1,2}\s?p\d{1,2}(?:\s?[alt]\d{1,2}){0,3}[，,、]\s*(?:[5-9]|[1-3]\d|4[0-2])(?:\+\d)?\s*周(?!前|来|余|内|后|岁)"
    r"|\bweek\s+\d{1,2}\s+of\s+(?:her\s+|the\s+)?(?:pregnancy|gestation)|\bconceived\s+(?:about\s+)?(?:\d{1,2}|\w{3,6})\s+weeks?\s+ago"
    r"|(?:验孕棒?|早孕试纸)\s*[:：]?\s*(?:示|为|呈)?\s*(?:两条杠|双杠|阳性|[（(]?\+)"
    r"|孕足月|足月(?:妊娠|孕)"
    r"|停经[^。；;\n]{0,16}hcg\s*[:：]?\s*(?:阳性|[（(]?\+)",
    re.IGNORECASE,
)
"""A pregnancy with its weeks, or said to be now."""
_STOP = re.compile(r"[。；;！!？?\n]|\.(?=\s|$)")
TAIL = 200
"""Characters of the folded tokens before such words that are looked at."""
MOST = 200
"""Places of such words that are looked at in one note."""
WINDOW = 120
"""Characters round such words that are read along with them."""


def is_elsewhere(before: str, named: str, after: str) -> bool:
    """Whether words of pregnancy or nursing tell of another time, a wish, a test, a rule or another person.

    Args:
        before: Folded tokens of the sentence before the words, parted and framed by single spaces.
        named: The words themselves, as folded tokens.
        after: Tokens behind them.

    Returns:
        False for words of anything else, and where it is not certain: then she counts as pregnant.
    """
    nursing = bool(_NURSING.search(named))
    if not nursing and not (_MOTHERHOOD.search(named) and _PREGNANT.fullmatch(named)):
        return False
    before = before[-TAIL:]
    if _WELL.match(after) and not re.search(r"\d", named):
        return True  # that all is normal would be read as a denial; the weeks say that she is pregnant
    here, there = f" {_CLAUSE.split(before)[-1].strip()} ", f"{_CLAUSE.split(after, maxsplit=1)[0]} "
    if _TO_END.search(before) and not _ago(before, here, there):
        return False
    if _ago(before, here, there) or _AGO_AFTER.match(after):
        return True
    if _PERIOD.search(named) and _DELIVERED.search(before + after):
        return True
    if any("一" <= c <= "鿿" for c in named):
        return _chinese(before, here, named, there, nursing)
    return _english(before, here, named, after, there, nursing)


def _ago(before: str, here: str, there: str) -> bool:
    """Years ago in the same clause, and nothing that leads back to today."""
    for pattern, now in ((_AGO, _NOW), (_AGO_ZH, _NOW_ZH)):
        found = None
        for found in pattern.finditer(here):  # noqa: B007 - the last one counts
            pass
        if found is not None and not now.search(here[found.end() - 1 :]):
            return True
        later = pattern.search(there)
        if later is not None and not now.search(there) and not re.search(r" (?:and|with|had|has|who) |发|起", there[: later.start()]):
            return True
    return bool(_AGO_THEN.search(before) or _AGO_THEN_ZH.search(before))


def _english(before: str, here: str, named: str, after: str, there: str, nursing: bool) -> bool:
    if _WISHED.search(before) or _WARNED.search(before) or _OVER.search(before):
        return True
    if nursing:
        return bool(re.search(r" (?:history of|previous|past|prior)(?: \w+)? $", here))
    if re.search(r" g \d+ p \d+ |gravida", named):
        return not _AT_WEEKS.search(after[:80]) and not re.search(r" \d+ (?:week|wk)[^,;]{0,12}$| pregnant | gestation ", before[-60:])
    if _POSITIVE.search(before):
        return False
    dated = bool(re.search(r"\d+ (?:\+ \d+ )?$", here)) and " week " in named
    return bool(
        _EARLIER.search(before)
        or (named == " pregnancy " and _COUNTED.search(here))
        or (_WHEN.search(before) and not dated)
        or _BORN.search(here)
        or _NOT_HERS.match(after)
        or (_LOST.search(there) and " threatened " not in before + after)
    )


def _chinese(before: str, here: str, named: str, there: str, nursing: bool) -> bool:
    if _KIN_ZH.search(before) or _WISHED_ZH.search(here) or _WISHED_AFTER_ZH.match(there) or _NOT_HERS_ZH.match(there):
        return True
    if nursing:
        return bool(_NURSED_ZH.search(here) or _NURSED_AFTER_ZH.match(there))
    if "停 经" in named:
        return bool(_MENOPAUSE_ZH.match(there))
    return bool(
        _EARLIER_ZH.search(here)
        or (_CHILD_ZH.search(here) and re.match(r" (?:期 间 |的 )?时 ", there))
        or _EARLIER_AFTER_ZH.match(there)
        or (_ENDED_ZH.search(there) and not _WAITED_ZH.search(here + there))
    )


def says_pregnant(text: str) -> bool:
    """Whether a note gives a pregnancy that lasts, with its weeks or as of now.

    Args:
        text: Chinese, English or both; also wordings without a finding of their own (孕12周, "G2P1 at 30 weeks").
    """
    plain = simplify(text)
    for found in islice(_EXPECTING.finditer(plain), MOST):
        before, named, after = _around(plain, found.start(), found.end())
        if not _denied(before) and not _another(before) and not is_elsewhere(before, _core(named), _WELL.sub(" ", after)):
            return True
    return False


def _around(text: str, start: int, end: int) -> tuple[str, str, str]:
    """Folded tokens of the sentence before a place, of the place, and behind it, parted and framed by single spaces."""
    left = [m.end() for m in _STOP.finditer(text, max(0, start - WINDOW), start)]
    stop = _STOP.search(text, end, end + WINDOW)
    places = (left[-1] if left else max(0, start - WINDOW), start), (start, end), (end, stop.start() if stop else end + WINDOW)
    before, named, after = (" " + "".join(f"{t.text} " for t in tokenize(text[a:b])) for a, b in places)
    return before, named, after


def _core(named: str) -> str:
    """The words in the form of a lexicon's wording, so that the same judgement holds: " 孕 12 周 "."""
    for pattern, word in ((r"孕|妊 娠", " 妊 娠 "), (r"停 经", " 停 经 "), (r" g \d+ p \d+ ", " week pregnant ")):
        if re.search(pattern, named):
            return word
    return " week pregnant "


def _denied(before: str) -> bool:
    return bool(re.search(r" (?:not|no|never|n't) (?:\w+ )?$|[未无非] (?:[^ ] )?$", before))


def _another(before: str) -> bool:
    return bool(re.search(r" (?:mother|wife|sister|partner|daughter|friend|colleague)(?: \w+){0,3} $", before))


__all__ = ["is_elsewhere", "says_pregnant"]

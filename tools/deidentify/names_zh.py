"""Chinese personal names: after a label, with a title, after a word for a person, or at the head of a record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from yingzhi.tools.deidentify.spans import Span, has_chinese
from yingzhi.tools.deidentify.surnames import COMPOUND, SINGLE, WORDS
from yingzhi.tools.deidentify.words_zh import NOT_GIVEN, NOT_NAMES

HAN = "[㐀-鿿]"
BOUND = (
    rf"(?=$|[^㐀-鿿]|男|女|先生|小姐|太太|因|主因|自述|自诉|诉|系|患|同志|医生|医师|主任|教授|护士|大夫|院长|性别|年龄|"
    rf"现年|就诊|入院|来院|来诊|住院|电话|手机|住址|身份|联系|出生|签|是{HAN}|于\d|于20|会诊|主刀|查房|陪同|陪护|代诉|"
    rf"代述|带|送|照顾|既往|平素|复诊|再次|昨|今|近|目前|自觉|发现|来电|反映|电话|要求|反复|同意|签署|[一-鿿]天前)"
)
CLOSE = r"(?=$|[^㐀-鿿]|会诊|主刀|查房|签[字名]|书写|记录|审核)"
LABEL = (
    r"(?:姓名|患者姓名|病人姓名|联系人|紧急联系人|家属|监护人|代理人|委托人|陪同人员?|陈述者|病史陈述者|供史者|"
    r"(?:主治|住院|主任|副主任|上级|接诊|经治|管床|责任|值班|申请|送检|报告|审核|检查|诊断|手术|麻醉|开单|主管|带教|"
    r"进修|实习|记录|首诊|会诊)?(?:医师|医生|护士|大夫|药师|技师|技士|教授|主任)|"
    r"主刀|术者|助手|麻醉师|(?:医师|医生|患者|家属|本人|护士)?签[名字]|签名人|记录者|记录人|记录|审核者?|审核人|"
    r"报告者|检查者|复核者?|校对|书写者|送检者|申请者|收件人|寄件人|户主|申请人|投保人|参保人|证人|被保险人)"
)
LABEL_HEAD = "(?=[姓患病紧联家监代委陪陈供主住副上接经管责值申送报审检诊手麻开带进实记首会医护大药技教术助签本复校书收寄户投参证被])"
NAME_LABEL = (
    r"(?:(?:患者|病人|患儿|病患|产妇|母亲|父亲|家属|家长|监护人|联系人|曾用|中文|英文)?(?:姓\s{0,8}名|名\s{0,4}字)|"
    r"曾用名|联系人|紧急联系人|监护人|签名|签字|户主|收件人|申请人|代理人)"
)
PERSON = (
    r"(?:患者|病人|病患|患儿|病员|产妇|孕妇|伤者|死者|女婴|男婴|其[父母妻夫子女兄弟姐妹]亲?|父亲|母亲|爸爸|妈妈|丈夫|"
    r"妻子|配偶|老公|老婆|儿子|女儿|哥哥|弟弟|姐姐|妹妹|祖父|祖母|外公|外婆|爷爷|奶奶|子女|家属|家长|监护人|联系人|"
    r"爱人|老伴|孙子|孙女|儿媳|女婿|岳父|岳母|公公|婆婆|舅舅|姑姑|朋友|同事|邻居|室友|男友|女友|(?<![喊哭尖大呼])叫|"
    r"叫做|名为|名字是|我是|本人)"
)
TITLE = (
    r"(?:先生|女士|小姐|太太|医生|医师|大夫|(?:副)?主任|(?:副)?教授|护士|护师|院长|老师|师傅|阿姨|叔叔|大爷|大妈|大娘|"
    r"奶奶|爷爷|老太|药师|技师|同学|某某|某(?![种些个人处院日年月医地药品天次侧部型类病科市省县]))"
)
STAFF = r"(?:主治医师|住院医师|主任医师|主管护师|护士长|护师|护士|医师|医生|大夫|教授|主任|院长|药师|技师)"
NOBODY = r"(?!不详|未知|同上|保密|无名|拒绝|家属|患者|自己|本人|已|同意|知情|告知|签|如下|见)"


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    single, given, double = f"[{SINGLE}]", f"(?:(?![{NOT_GIVEN}])[㐀-鿿])", "(?:" + COMPOUND.replace(" ", "|") + ")"
    words = f"(?:{NOT_NAMES.replace(' ', '|')})"
    head = f"(?=[{SINGLE}{''.join(sorted({name[0] for name in COMPOUND.split()}))}])"
    sure = "".join(c for c in SINGLE if c not in WORDS)
    person = (
        rf"(?!{words})(?:{double}{given}{{1,2}}|{single}{given}{{2}}|{single}{given}男(?=[\s,]*[男女性])|{single}{given}|"
        rf"{single}(?=女[,\s]|男[,\s]|$(?!))){{bound}}"
    )
    named = person.replace("{bound}", BOUND)
    named = rf"(?:{named}|(?!{words})(?:{double}{given}{{1,2}}|{single}{given}{{2}})(?=[{NOT_GIVEN}]))"
    free = rf"(?:[{sure}](?=\s*(?:$|[/、;。)]))|(?:{double}{given}{{1,2}}|{single}{given}{{1,2}}){CLOSE}|{named})"
    closed = person.replace("{bound}", CLOSE)
    whole = (
        rf"(?:{HAN}{{1,10}}(?:[·•・‧.]{HAN}{{1,10}}){{1,3}}|{double}{HAN}{{1,2}}|{single}{HAN}{{1,2}}?(?={TITLE}|"
        rf"男(?![\s,]*[男女性])|女(?![\s,]*[男女性])|性别|年龄)|{HAN}{{2,4}}(?=$|{HAN}?[^㐀-鿿]|性别|年龄|电话)|"
        rf"[A-Za-z][A-Za-z'’.-]*(?:,? [A-Z][A-Za-z'’.-]*){{0,3}})"
    )
    rows = (
        rf"{NAME_LABEL}(?:\([^()\n]{{1,6}}\))?(?:\s{{0,3}}[:是为]\s{{0,6}}|\s{{1,6}}){NOBODY}({whole})",
        rf"{LABEL_HEAD}{LABEL}(?:\([^()\n]{{1,6}}\))?\s{{0,3}}:\s{{0,6}}({free})(?:\s?[/、,和及]\s?({named}))?(?:\s?"
        rf"[/、,和及]\s?({named}))?",
        rf"{PERSON}[,:\s]{{0,2}}({named})",
        rf"{STAFF}[\s(]{{0,2}}({closed})",
        rf"{head}(?<![㐀-鿿])({person.replace('{bound}', '')})[,\s/|、(]{{1,3}}(?:性别\s?:\s?)?[男女](?=[性,\s/|、。;)\d]|$)",
        rf"{head}(?!{words})({double}{given}{{0,2}}|(?<![任几奈])[{sure}]|{single}{given}{{1,2}}){TITLE}",
        rf"{head}(?:(?<![㐀-鿿])|(?<=患者)|(?<=病人)|(?<=家属))([{sure}](?:某某?|[xX×*○〇]{{1,2}}|"
        rf"[*×]{HAN}))(?![种些个处院日年月地药品次侧部型类A-Za-z])",
    )
    return tuple(re.compile(row, re.ASCII | re.MULTILINE) for row in rows)


def find_chinese_names(text: str) -> Iterator[Span]:
    """Names of persons in a folded text: after labels whatever stands there, elsewhere a surname of the list with one or two signs.

    A title or label stays as it is: 王女士 becomes a placeholder and 女士, so that the sex can still be read.
    """
    if not has_chinese(text):
        return
    for pattern in _patterns():
        for found in pattern.finditer(text):
            for group in range(1, (pattern.groups or 0) + 1):
                start, end = found.span(group)
                if start < 0:
                    continue
                masked = re.match("某{1,2}", text[end:])
                yield Span(start, end + (len(masked.group()) if masked else 0), "PERSON")

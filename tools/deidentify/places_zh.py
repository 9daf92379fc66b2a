"""Chinese addresses, hospitals, schools and employers. Provinces alone stay: where somebody has travelled is clinical."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from yingzhi.tools.deidentify.spans import Kind, Span, has_chinese

HAN = "[㐀-鿿]"
PROVINCE = (
    "(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|"
    "贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门|"
    "台北|新北|桃园|台中|台南|高雄|基隆|新竹|嘉义|宜兰|苗栗|彰化|南投|云林|屏东|花莲|台东|澎湖|金门|九龙|新界|深圳|"
    "广州|杭州|南京|苏州|成都|武汉|西安|长沙|郑州|济南|青岛|大连|沈阳|厦门|福州|合肥|昆明|哈尔滨|长春)"
)
UNIT = (
    "(?:特别行政区|自治区|自治州|自治县|开发区|高新区|新区|省|市|州|盟|区|县|旗|镇|乡|街道|村|屯|庄|组|社|路|大街|"
    "大道|街|巷|胡同|弄|里|道|段|号楼|号院|号|栋|幢|座|单元|楼|层|室|房|邻|户|之\\d)"
)
STOP = "患者|就诊|发病|出现|因|医院|旅游|务工|打工|接触|流行|皮疹|有限公司|大学|学校|学院|公司|于|住|在|到|从"
STEP = rf"(?:(?:(?!{STOP})[㐀-鿿A-Za-z\d-]){{1,8}}?{UNIT})"
STREET = (
    r"(?:(?![住在于到自址至往距离及和与的为是侧部])[㐀-鿿]){1,6}?(?:路|大街|街|大道|巷|胡同|"
    r"弄)(?:[东西南北中]?[一二三四五六七八九十\d]{1,3}段)?\s?\d{1,5}(?:-\d{1,5})?(?:弄|巷|"
    r"号)(?:[\d一二三四五六七八九十A-Z-]{1,5}\s?(?:号楼|号|栋|幢|座|单元|楼|层|室|房|F))*(?:之\d{1,3})?"
)
HOME = (
    r"(?:(?![住在于到自址至往距离及和与的为是])[㐀-鿿]){2,8}(?:小区|花园|新村|公寓|大厦|苑|家园|社区|家属院|"
    r"宿舍)\s?[A-Z]?\d{1,4}(?:号楼|栋|幢|座|号|楼)(?:\s?\d{1,3}单元)?(?:\s?\d{1,5}(?:室|号|楼|层|房))?"
)
ROOM = r"(?<![\d.])\d{1,4}(?:号楼|栋|幢|座)\s?\d{1,3}单元(?:\s?\d{1,5}(?:室|号|房)?)?"
ADDRESS_LABEL = (
    r"(?:(?:家庭|现|户籍|联系|通讯|通信|居住|常住|户口|身份证|单位|邮寄|工作)?(?:住址|地址|居住地|所在地)|籍贯|出生地|"
    r"户籍地?|户口地)\s{0,2}[:是为]\s{0,3}"
)
POSTCODE = r"(?:邮编|邮政编码|邮递区号)\s{0,2}[:是为]?\s{0,2}(\d{3,6})(?!\d)"
LIVES = r"(?:家住|居住于|居住在|现住|租住于?|住在|住于|来自|户籍在|老家在?|出生于|生于)"
WORK_LABEL = (
    r"(?:(?:工作|就职|任职|所在|就读)单位|单位名称|(?:就读|所在)学校|供职于|任职于|就职于|就读于|毕业于|上班于|"
    r"(?:学校|幼儿园|公司)\s{0,2}[:为])\s{0,2}[:是为]?\s{0,3}"
)
INSTITUTION = "(?:医院|卫生院|卫生所|卫生服务中心|诊所|门诊部|保健院|医学中心|医疗中心|疗养院|体检中心|卫生室)"
GENERIC = (
    "(?:建议|昨|校|当地|外地|本地|外|某|某某|上级|基层|社区|专科|综合|综合性|三甲|二甲|三级|二级|一级|三级甲等|甲等|甲|一|其他|"
    "其它|别的|附近|多家|几家|数家|一家|两家|各大|各|多个|大|小|大型|小型|私立|公立|民营|私人|个体|正规|县级|市级|"
    "省级|区级|乡镇|乡|镇|村|"
    "县|市|省|区|城市|皮肤病|皮肤|口腔|儿童|妇产|妇幼|妇产科|肿瘤|精神|传染病|眼科|美容|整形|急诊|住|出|入|两|门诊|"
    "中医|西医|中西医|中|人民|中心|教学|军队|学校|另一|另|首诊|家附近|同一|不同|相关|有关|定点|下级|国外|国内|美国|"
    "日本|英国|德国|多次|反复|自行|"
    "送检|转诊|转入|转出|来源|推荐|委托|申请|地方|地段|市里|县里|县城|城里|省城|们|上|没上|含|过|想着|没有|没|无数|"
    "有些|些|一些|好多|很多|所有|几个|两个|"
    "大型|中型|中药|[二三123]甲|这|皮肤科|医科|先前|专家|哪家|什么|哪个|哪些|跑过|去过|们这|时|地方|乡村|宠物|动物|"
    "医美|医疗美容|康复|老年|骨科|胸科|职业病|全国|知名)*"
)
LEFT = (
    "(?:[Xx×*]{2}|协和|仁和|大和|颐和|和平|和睦家|自治|国家|中日友好|前海|人和|其昌|"
    "(?![于在到去往经由至入就诊后我该此某来转检自即及与给让叫为是并未请随因曾被的了]|患者|出院|送检|住院|外院|前往|回|辗转|"
    "先后|再次|多次)[㐀-鿿]|(?<=[㐀-鿿])[\\d]{1,4}(?=[医师团中院临军])|第\\d{1,3})"
)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], int, Kind], ...]:
    chain = rf"{PROVINCE}(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)?{STEP}{{1,10}}(?:\s?[\dA-Z-]{{1,6}}(?:室|号)?)?"
    rows: tuple[tuple[str, int, Kind], ...] = (
        (rf"{ADDRESS_LABEL}([^\n。;:]{{2,60}}?)(?=$|[\n。;]|[,\s]+{HAN}{{2,6}}:|,(?![^,\n。;]{{0,20}}(?:{UNIT})))", 1, "ADDRESS"),
        (POSTCODE, 1, "ADDRESS"),
        (rf"{chain}(?!医院|医学)", 0, "ADDRESS"),
        (STREET, 0, "ADDRESS"),
        (HOME, 0, "ADDRESS"),
        (ROOM, 0, "ADDRESS"),
        (rf"{LIVES}(?!农村|乡村|城市|城镇|山区|疫区|牧区|外地|林区|同村|高海拔|平房|楼房|潮湿)({STEP}{{1,8}})", 1, "ADDRESS"),
        (rf"{WORK_LABEL}((?:(?!患者|因|\s{{2}})[㐀-鿿A-Za-z\d()·-]){{3,30}}?)(?=$|[^㐀-鿿A-Za-z\d()·-]|职业|电话|工作,)", 1, "PLACE"),
    )
    return tuple((re.compile(pattern, re.ASCII | re.MULTILINE), group, kind) for pattern, group, kind in rows)


@lru_cache(maxsize=1)
def _numbered() -> re.Pattern[str]:
    return re.compile(r"[路街巷弄同道段区园村寓厦苑舍院]\s?[A-Z]?\d", re.ASCII)


@lru_cache(maxsize=1)
def _institution() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    return re.compile(INSTITUTION), re.compile(rf"{LEFT}+$"), re.compile(rf"{GENERIC}$")


def _institutions(text: str) -> Iterator[Span]:
    ending, left, generic = _institution()
    for found in ending.finditer(text):
        window = text[max(0, found.start() - 24) : found.start()]
        before = left.search(window)
        if not before or generic.fullmatch(before.group()):
            continue
        start = found.start() - len(before.group())
        branch = re.match(r"[㐀-鿿]{2,4}(?:院区|分院)", text[found.end() :])
        yield Span(start, found.end() + (len(branch.group()) if branch else 0), "PLACE")


def find_chinese_places(text: str) -> Iterator[Span]:
    """Addresses and institutions of a folded text; 当地医院, 上级医院 and other words for any hospital stay."""
    if not has_chinese(text):
        return
    numbered = _numbered().search(text)
    for pattern, group, kind in _patterns():
        if not numbered and pattern.pattern in {STREET, HOME}:
            continue
        for found in pattern.finditer(text):
            yield Span(found.start(group), found.end(group), kind)
    yield from _institutions(text)

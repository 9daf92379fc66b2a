"""Stays in countries where tropical or regional infections of the skin are met, named by the country: "back from Ghana", "去过泰国"."""

from __future__ import annotations

import re

COUNTRIES_EN = """
africa|asia|central america|south america|latin america|the amazon|amazon basin|amazonia|the tropics|the caribbean|
the middle east|southeast asia|west africa|east africa|sub-saharan africa|north africa|the mediterranean|angola|argentina|
bangladesh|belize|benin|bolivia|botswana|brazil|brunei|burkina faso|burma|myanmar|burundi|cambodia|cameroon|chad|chile|colombia|
the congo|congo|costa rica|cuba|dominican republic|ecuador|egypt|el salvador|eritrea|ethiopia|fiji|french guiana|gabon|gambia|
ghana|guatemala|guinea|guyana|haiti|honduras|india|indonesia|iran|iraq|ivory coast|jamaica|jordan|kenya|laos|lebanon|liberia|
libya|madagascar|malawi|malaysia|mali|mauritania|mexico|morocco|mozambique|namibia|nepal|nicaragua|niger|nigeria|oman|pakistan|
panama|papua new guinea|paraguay|peru|philippines|the philippines|rwanda|saudi arabia|senegal|sierra leone|somalia|south africa|
sri lanka|sudan|south sudan|syria|tanzania|thailand|togo|trinidad|tunisia|turkey|uganda|uruguay|uzbekistan|venezuela|vietnam|
yemen|zambia|zimbabwe|afghanistan|algeria|bali|borneo|goa|zanzibar
"""
COUNTRIES_ZH = """
非洲|东南亚|南美|拉美|拉丁美洲|中东|南亚|西非|东非|北非|亚马孙|亚马逊|加勒比|热带地区|热带国家|泰国|越南|
老挝|柬埔寨|缅甸|马来西亚|印度尼西亚|印尼|菲律宾|新加坡|印度|尼泊尔|孟加拉|斯里兰卡|巴基斯坦|阿富汗|伊朗|
伊拉克|叙利亚|沙特|也门|埃及|利比亚|摩洛哥|阿尔及利亚|苏丹|埃塞俄比亚|肯尼亚|坦桑尼亚|乌干达|刚果|安哥拉|
尼日利亚|加纳|喀麦隆|几内亚|塞内加尔|马里|赞比亚|津巴布韦|莫桑比克|马达加斯加|南非|巴西|秘鲁|玻利维亚|
哥伦比亚|委内瑞拉|厄瓜多尔|墨西哥|危地马拉|洪都拉斯|哥斯达黎加|古巴|海地|巴布亚新几内亚|巴厘岛|普吉岛
"""


def _listed(names: str) -> str:
    found = sorted((n.strip() for n in names.replace("\n", "").split("|") if n.strip()), key=len, reverse=True)
    return "|".join(re.escape(n) for n in found)


STAY = re.compile(
    r"\b(?:return(?:ed|ing|s)?|came|come|back|home|arriv\w+|fl[ey]w|visit\w*|travel\w*|trip|tour|trek\w*|holiday\w*|vacation\w*|honeymoon|stay\w*|liv\w+"
    r"|was|were|been|days?|weeks?|months?|years?"
    r"|work\w*|deployed|served|studied|spent [\w ]{2,18}|moved|emigrated|immigrat\w+|refugee|native|born|grew up|originally|"
    r"safari|expedition|volunteer\w*)"
    rf"(?: [\w-]+){{0,5}}? (?:from|to|in|of|around|through|across) "
    rf"(?:(?:rural|northern|southern|eastern|western|central|coastal) )?(?:{_listed(COUNTRIES_EN)})\b(?! ink)"
    rf"|\bvisit(?:ed|ing|s)? (?:{_listed(COUNTRIES_EN)})\b"
    rf"|(?:去|到|从|赴|在|自|来自|前往|游览|旅居|出差|援)(?:过|往)?(?:{_listed(COUNTRIES_ZH)})",
    re.IGNORECASE,
)
DENIED = re.compile(r"\b(?:no|not|never|denies|denied|without)\b[^.;]{0,40}$|(?:未|无|没有?|否认|不曾)[^。；，]{0,6}$", re.IGNORECASE)

NOT_THERE = re.compile(r"\b(?:not|never)\b", re.IGNORECASE)


def stays(text: str) -> list[tuple[int, int, bool]]:
    """Where a text tells of a stay in such a country.

    Returns:
        (start, end, whether it is denied), in order of place.
    """
    return [
        (m.start(), m.end(), bool(DENIED.search(text, max(0, m.start() - 60), m.start()) or NOT_THERE.search(m.group())))
        for m in STAY.finditer(text)
    ]

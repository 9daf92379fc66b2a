"""Direct immunofluorescence read by its grammar: which reactant, in which pattern, where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from yingzhi.clinical.finding import Status
from yingzhi.tools.labs.units import fold

CLAUSE = re.compile(r"[^。;\n]+")
REACTANT = re.compile(r"(?<![a-z])(?:igg\d?|iga|igm|c3c?|c1q|fibrinogen|纤维蛋白原?)(?![a-z])")
NEGATIVE_BEHIND = re.compile(
    r"\s*(?:[、,，/和及与]\s*(?:igg\d?|iga|igm|c3c?|c1q|fibrinogen|纤维蛋白原?)\s*)*(?:\(\s*-+\s*\)|(?:均|皆"
    r"|都)?(?:为)?阴性|(?:were |was |are |is )?(?:all )?negative|-(?=[\s,，、]|$))"
)
NEGATIVE_BEFORE = re.compile(
    r"(?:未见|无|不见|没有|阴性[:]|(?<![a-z])(?:no|without|negative for|absence of|lack of))\s*(?:(?:[a-z0-9]+"
    r"|[、,/和及与]|or|and)\s*){0,6}$"
)
BMZ = re.compile(
    r"基底膜带?|bmz|basement membrane|真皮?表皮(?:交界|连接)|表真皮(?:交界|连接)|(?<![a-z])dej(?![a-z])"
    r"|dermo-?\s?epidermal junction|dermal-epidermal junction"
)
INTERCELLULAR = re.compile(
    r"细胞间|棘细胞膜|角质形成细胞膜|网状沉积|渔网状|鱼网状|intercellular|inter-cellular|cell surface"
    r"|chicken.?wire|fish.?net|lace-?like"
)
PAPILLA = re.compile(r"真皮乳头|乳头顶|乳头层?|dermal papilla|papillary tip|papillae")
VESSEL = re.compile(r"血管壁|小血管|真皮血管|vessel|vascular")
LINEAR = re.compile(r"线状|线性|带状|linear")
GRANULAR = re.compile(r"颗粒|granular|团块状|clump")
SALT = re.compile(r"盐裂|salt.?split")
ROOF = re.compile(r"表皮侧|疱顶|顶部|epidermal side|(?<![a-z])roof")
FLOOR = re.compile(r"真皮侧|疱底|底部|dermal side(?<!epidermal side)|(?<![a-z])floor|base of")


@dataclass(frozen=True, slots=True)
class Deposit:
    """A finding concluded from one clause."""

    id: str
    status: Status
    start: int
    end: int


def read_deposits(text: str) -> Iterator[Deposit]:
    """Findings of direct immunofluorescence and salt-split skin, clause by clause.

    Args:
        text: The report in Chinese, English or both.

    Yields:
        Findings with the clause they were read from.
    """
    folded = fold(text)
    for clause in CLAUSE.finditer(re.sub(r"\.(?=\s)", ";", folded)):
        words = clause.group()
        start, end = clause.start() + len(words) - len(words.lstrip()), clause.start() + len(words.rstrip())
        there, gone = _reactants(words)
        for finding in _pattern(words, there):
            yield Deposit(finding, "present", start, end)
        if gone and not there:
            for finding in _pattern(words, gone):
                yield Deposit(finding, "absent", start, end)
        if SALT.search(folded) and (there or not gone) and not re.search(r"阴性|negative", words):
            yield from _split_side(words, start, end)


def _reactants(words: str) -> tuple[set[str], set[str]]:
    there: set[str] = set()
    gone: set[str] = set()
    for found in REACTANT.finditer(words):
        name = found.group()[:3].rstrip("c") if found.group().startswith("ig") else found.group()[:2]
        lost = NEGATIVE_BEHIND.match(words, found.end()) or NEGATIVE_BEFORE.search(words[: found.start()])
        (gone if lost else there).add(name)
    return there, gone - there


def _pattern(words: str, who: set[str]) -> Iterator[str]:
    linear, granular = LINEAR.search(words), GRANULAR.search(words)
    if BMZ.search(words):
        if linear and who & {"igg", "c3"}:
            yield "dif-linear-igg-c3-bmz"
        elif linear and "iga" in who:
            yield "dif-linear-iga-bmz"
        if granular and who & {"igg", "igm", "c3", "c1"} and not linear:
            yield "dif-lupus-band"
    if INTERCELLULAR.search(words) and who & {"igg", "c3"}:
        yield "dif-intercellular-igg"
    if PAPILLA.search(words) and granular and "iga" in who:
        yield "dif-granular-iga-papillae"
    if VESSEL.search(words) and "iga" in who:
        yield "dif-vessel-iga"


def _split_side(words: str, start: int, end: int) -> Iterator[Deposit]:
    if ROOF.search(words):
        yield Deposit("salt-split-roof", "present", start, end)
    if FLOOR.search(words):
        yield Deposit("salt-split-floor", "present", start, end)

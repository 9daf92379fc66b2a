"""Units of laboratory results: how they are written, and arithmetic between those of one dimension.

Units arrive folded (lower case, half width, u for micro, plain digits for superscripts; see `fold`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from yingzhi.tools.text import simplified_table

PREFIX = {"": 1.0, "k": 1e3, "m": 1e-3, "u": 1e-6, "mc": 1e-6, "n": 1e-9, "p": 1e-12, "d": 1e-1}
VOLUME = {"l": 1.0, "dl": 0.1, "ml": 1e-3, "ul": 1e-6, "mm3": 1e-6, "100ml": 0.1}
DAY = {"24h", "24hr", "24hour", "24hours", "d", "day"}
WRITTEN_OUT = {
    "%": ("fraction", 0.01), "‰": ("fraction", 0.001), "l/l": ("fraction", 1.0),
    "mg%": ("g/l", 1e-2), "g%": ("g/l", 10.0),
    "mm": ("mm/h", 1.0), "mm/h": ("mm/h", 1.0), "mm/hr": ("mm/h", 1.0), "mm/hour": ("mm/h", 1.0), "mm/1h": ("mm/h", 1.0),
    "mm/1hr": ("mm/h", 1.0), "mm/小时": ("mm/h", 1.0),
    "s": ("s", 1.0), "sec": ("s", 1.0), "secs": ("s", 1.0), "second": ("s", 1.0), "seconds": ("s", 1.0), "秒": ("s", 1.0),
    "fl": ("fl", 1.0), "pg": ("pg", 1.0), "ratio": ("ratio", 1.0),
    "/hp": ("/hp", 1.0), "/hpf": ("/hp", 1.0), "个/hp": ("/hp", 1.0), "个/hpf": ("/hp", 1.0),
    "k/ul": ("count/l", 1e9), "k/mm3": ("count/l", 1e9), "m/ul": ("count/l", 1e12), "g/l": ("g/l", 1.0),
}  # fmt: skip
FOLD_RUNS = {
    "u": "µμ", "*": "×✕∗", "-": "~～〜—–−‐‑﹣", "<": "≤≦⩽", ">": "≥≧⩾", "[": "【〔", "]": "】〕", " ": "\u3000\xa0\t\r\u2009\u202f",
    "↑": "⬆▲", "↓": "⬇▼", "i": "Ⅰ", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
    "γ": "Γ", "β": "Β", "α": "Α",
}  # fmt: skip
"""What each sign stands for, of those that mean the same on a slip."""


@lru_cache(maxsize=1)
def fold_table() -> dict[int, str]:
    """Character by character, so that offsets stay those of the text as given."""
    table = dict(simplified_table())
    table |= {0xFF01 + i: chr(0x21 + i) for i in range(94) if chr(0x21 + i) != ","}  # a full-width comma parts clauses, never thousands
    table |= {code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    table |= {code: chr(0x61 + i) for i, code in enumerate(range(0xFF21, 0xFF3B))}
    return table | {ord(c): plain for plain, signs in FOLD_RUNS.items() for c in signs}


def fold(text: str) -> str:
    """Fold case, width, traditional characters and the many dashes, micros and times signs; the length never changes."""
    return text.translate(fold_table())


UNIT = re.compile(
    r"""(?:
      (?:[*x]\s*)?10\s*[\^*e]?\s*\d{1,2}\s*/\s*(?:ul|ml|l|mm\^?3)
    | (?:mc|[munpk])?(?:g|mol|iu|u|eq|ru|au)\s*(?:feu|ddu)?\s*/\s*
      (?:100\s?ml|24\s?h(?:ours?|r)?|g\s?hb|mmol|mol|[dmu]?l|mm\^?3|day|d|g)(?:\s*\(?(?:feu|ddu)\)?)?
    | ml\s*/\s*min(?:\s*[/.*(]?\s*1\.73\s*m\^?2?\)?)?
    | (?:[kmg]|cells?|copies|个)?\s*/\s*(?:ul|mm\^?3|ml|l|hpf?)
    | mm\s*/\s*(?:1\s*)?(?:hour|hr?|小时)
    | [mg]?g?% | % | ‰ | fl | pg | mm | secs? | seconds? | s | 秒 | ratio
    )(?![a-z])""",
    re.VERBOSE,
)
"""A unit in folded text."""

COUNT = re.compile(r"[*x]?(?:10[\^*e]?(\d{1,2}))?/(ul|ml|l|mm3)")
RATIO = re.compile(r"(mc|[munpkd]?)(g|mol|iu|u|eq|ru|au)(?:feu|ddu)?/(.+?)(?:\(?(?:feu|ddu)\)?)?")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as dimension and size: `mg/dl` is 0.01 of `g/l`."""

    kind: str
    scale: float


@lru_cache(maxsize=2000)
def parse_unit(text: str) -> Unit | None:
    """Read a unit.

    Args:
        text: The unit as written, e.g. `×10⁹/L`, `mg/dL`.

    Returns:
        Its dimension and size, or None when it is none that a laboratory uses.
    """
    plain = re.sub(r"\s+", "", fold(text)).replace("mm^3", "mm3").replace("cells", "").replace("cell", "").strip(".")
    if plain in WRITTEN_OUT:
        return Unit(*WRITTEN_OUT[plain])
    if plain.startswith("ml/min"):
        return Unit("ml/min", 1.0)
    if plain.startswith("copies/"):
        return Unit("copies/l", 1 / VOLUME.get(plain[7:], 1.0))
    count = COUNT.fullmatch(plain.removeprefix("个"))
    if count:
        return Unit("count/l", 10.0 ** int(count[1] or 0) / VOLUME[count[2]])
    ratio = RATIO.fullmatch(plain)
    return _ratio(ratio[1], ratio[2], ratio[3]) if ratio else None


def _ratio(prefix: str, top: str, bottom: str) -> Unit | None:
    scale = PREFIX[prefix]
    base = "u" if top == "iu" else top
    if bottom in VOLUME:
        return Unit(f"{base}/l", scale / VOLUME[bottom])
    if bottom in DAY:
        return Unit(f"{base}/24h", scale)
    if bottom in ("mmol", "mol"):
        return Unit(f"{base}/mol", scale / PREFIX["m" if bottom == "mmol" else ""])
    return Unit(f"{base}/{bottom}", scale) if bottom in ("g", "ghb") else None


@dataclass(frozen=True, slots=True)
class Crossing:
    """From another dimension: canonical = value (in units of `scale`) x factor + offset."""

    scale: float
    factor: float
    offset: float


@dataclass(frozen=True, slots=True)
class UnitTable:
    """The units in which one analyte may be written."""

    canonical: Unit | None
    crossings: dict[str, Crossing]

    def fits(self, unit: Unit) -> bool:
        """Whether a value in this unit can be converted."""
        return self.canonical is not None and (unit.kind == self.canonical.kind or unit.kind in self.crossings)

    def to_canonical(self, value: float, unit: Unit) -> float | None:
        """The value in the canonical unit, to ten significant digits; None when the unit does not fit."""
        if self.canonical is None:
            return None
        if unit.kind == self.canonical.kind:
            return tidy(value * (unit.scale / self.canonical.scale))
        crossing = self.crossings.get(unit.kind)
        return tidy(value * (unit.scale / crossing.scale) * crossing.factor + crossing.offset) if crossing else None

    def from_canonical(self, value: float, unit: Unit) -> float | None:
        """The reverse of `to_canonical`."""
        if self.canonical is None:
            return None
        if unit.kind == self.canonical.kind:
            return tidy(value * (self.canonical.scale / unit.scale))
        crossing = self.crossings.get(unit.kind)
        return tidy((value - crossing.offset) / crossing.factor * (crossing.scale / unit.scale)) if crossing else None


def tidy(value: float) -> float:
    """Ten significant digits: what floats add beyond is noise."""
    return float(f"{value:.10g}")


def unit_table(canonical: str, others: Iterable[tuple[str, float, float]]) -> UnitTable:
    """Units of one analyte.

    Args:
        canonical: The canonical unit, or empty.
        others: (unit, factor, offset) of the crossings from other dimensions.

    Raises:
        ValueError: A unit is not known.
    """
    crossings = {}
    for text, factor, offset in others:
        unit = parse_unit(text)
        if unit is None:
            raise ValueError(f"unknown unit {text}")
        crossings[unit.kind] = Crossing(unit.scale, factor, offset)
    base = parse_unit(canonical) if canonical else None
    if canonical and base is None:
        raise ValueError(f"unknown unit {canonical}")
    return UnitTable(base, crossings)

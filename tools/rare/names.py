"""Chinese names of rare diseases, put together from their parts; a name with an unknown part stays English."""

from __future__ import annotations

import re
from collections.abc import Mapping

NUMBER = re.compile(r"^(?P<base>.*?)(?:,? type)?[ ,]+(?P<number>[IVX]{1,5}[A-Z]?\d?|\d{1,3}[A-Z]?|[A-H])$")
TYPE = re.compile(r"^type (?P<number>[IVX]{1,5}[A-Z]?\d?|\d{1,3}[A-Z]?|[A-H])$", re.IGNORECASE)
EPONYM = re.compile(r"^(?P<name>[A-Z][\w'’À-ɏ]+(?:[- ](?:de|van|von|der|[A-Z][\w'’À-ɏ]*))*)(?:'s|’s)? (?P<kind>syndrome|disease)$")
WORD = re.compile(r"(?:ic|al|ia|ma|ary|ous|ism|osis|itis|pathy|emia|plasia|trophy)(?:$|[- ])")
"""Endings of English words; a name that has one is no eponym, and half a translation is none."""
KINDS = {"syndrome": "综合征", "disease": "病"}


def chinese_name(name: str, parts: Mapping[str, str]) -> str:
    """The Chinese form of a name, or the name itself.

    Args:
        name: As the catalogue has it: `Cutis laxa, autosomal recessive, type IIB`.
        parts: English part in lower case -> Chinese.

    Returns:
        `皮肤松弛症，常染色体隐性，IIB型` for the name above.
    """
    said = [_part(p.strip(), parts) for p in name.split(", ")]
    return "，".join(s for s in said if s) if all(said) else name


def _part(part: str, parts: Mapping[str, str]) -> str:
    if (known := _known(part, parts)) is not None:
        return known
    if (alone := TYPE.match(part)) is not None:
        return f"{alone['number']}型"
    if re.fullmatch(r"\d{1,3}[A-Z]?", part):
        return f"{part}型"
    numbered = NUMBER.match(part)
    base = _known(numbered["base"], parts) if numbered else None
    return f"{base}{numbered['number']}型" if numbered and base is not None else ""


def _known(part: str, parts: Mapping[str, str]) -> str | None:
    if part.lower() in parts:
        return parts[part.lower()]
    eponym = EPONYM.match(part)
    return f"{eponym['name']}{KINDS[eponym['kind']]}" if eponym and not WORD.search(eponym["name"]) else None

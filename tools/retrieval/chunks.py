"""Long documents cut into chunks at sentence ends."""

from __future__ import annotations

import re

LONGEST = 1200
"""Characters a chunk of English may have; Chinese says the same in about a third."""
CHINESE_WEIGHT = 3
END = re.compile(r"(?<=[.!?;])\s+(?=\S)|(?<=[。！？；])|\n+")
CHINESE = re.compile("[㐀-鿿]")


def chunk(text: str, longest: int = LONGEST) -> list[str]:
    """Cut a text into chunks of whole sentences, each chunk but the first opening with the last sentence of the one before.

    Args:
        text: Any text.
        longest: Size of a chunk in English characters; a Chinese character counts as three.

    Returns:
        At least one chunk; a single one, the text itself, where it fits.
    """
    if size(text) <= longest:
        return [text]
    chunks: list[str] = []
    held: list[str] = []
    held_size = 0
    for sentence in sentences(text, longest):
        weight = size(sentence)
        if held and held_size + weight > longest:
            chunks.append(" ".join(held))
            last = size(held[-1])
            held, held_size = ([held[-1]], last) if last + weight <= longest // 2 else ([], 0)
        held.append(sentence)
        held_size += weight
    return [*chunks, " ".join(held)] if held else chunks


def size(text: str) -> int:
    """Length of a text in English characters."""
    return len(text) if text.isascii() else len(text) + (CHINESE_WEIGHT - 1) * len(CHINESE.findall(text))


def sentences(text: str, longest: int) -> list[str]:
    """Sentences of a text; one that is longer than a chunk is cut at white space, or where it must be."""
    found: list[str] = []
    for raw in END.split(text):
        sentence = raw.strip()
        while size(sentence) > longest:
            room = longest if sentence.isascii() else longest // CHINESE_WEIGHT
            cut = sentence.rfind(" ", room // 2, room)
            cut = room if cut < 0 else cut
            found.append(sentence[:cut].strip())
            sentence = sentence[cut:].strip()
        if sentence:
            found.append(sentence)
    return [s for s in found if s]

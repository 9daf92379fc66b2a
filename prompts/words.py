"""How long a text is, in either language."""

from __future__ import annotations

import re

WORD = re.compile(r"[一-鿿]|[^\W一-鿿]+(?:['’-]\w+)*")


def words(text: str) -> int:
    """Words of a text; two Chinese characters count as one word."""
    found: list[str] = WORD.findall(text)
    chinese = sum("一" <= w[0] <= "鿿" for w in found)
    return len(found) - chinese + (chinese + 1) // 2

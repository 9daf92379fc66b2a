"""Takes whatever identifies a patient out of a record for good: no way back is kept, and what was taken out is looked for again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from yingzhi.evals.inbox.ages import OLDEST, cap, tells_age
from yingzhi.tools.deidentify import Kind, Masker, Span, find_identifiers
from yingzhi.tools.deidentify.dates import find_spoken
from yingzhi.tools.deidentify.known import find_known, learn
from yingzhi.tools.deidentify.spans import fold

PLACEHOLDER = re.compile(r"\[[A-Z]+-[A-Z\d]{4,8}\]|\[(?:DATE|YEAR)\]")


def deidentify(value: Any, names: Iterable[str], numbers: Iterable[str], year: int) -> tuple[Any, list[str]]:
    """The value with every text in it masked, its dates moved, great ages and the years that tell of them made one category.

    Args:
        value: What `json.loads` could give; keys are left as they are.
        names: Who is known to stand behind the record, e.g. the doctor who signed: looked for in all of it.
        numbers: Ids by which the record is known elsewhere: looked for in all of it.
        year: This year.

    Returns:
        The value, and where something that identifies is still found in it: path and kind, never the text. Nothing may be kept of a
        value with any. The mask itself is random and ends with this call.
    """
    masker, known = Masker(secrets.token_hex(32)), dict[str, Kind]()
    labelled = [f"签名：{n}\nSigned by: {n}" for n in names if n] + [f"病历号：{n}\n签名：{n}\n{_as_name(n)}" for n in numbers if n]
    for text in [
        *labelled,
        *(text for _, text in leaves(value)),
    ]:  # all is read first: the last may name whom the first means
        masker.mask(text)
        folded = fold(text)
        for span in find_identifiers(folded):
            known |= dict(learn(folded[span.start : span.end], span.kind))
    done = _mapped(value, lambda text: masker.mask(cap(text, year)))
    return done, remaining(done, year, known)


def remaining(value: Any, year: int, known: dict[str, Kind] | None = None) -> list[str]:
    """Where a value still holds something that identifies, as `path: kind`; what was moved or capped is not found again."""
    found: list[str] = []
    for path, text in leaves(value):
        folded = fold(text)
        holes = [m.span() for m in PLACEHOLDER.finditer(folded)]
        spans = [*find_identifiers(folded), *find_known(folded, known or {}), *(Span(s, e, "DATE") for s, e in find_spoken(folded))]
        kinds = {s.kind for s in spans if any(_open(folded, i, holes) for i in range(s.start, s.end))}
        kinds |= {"TEXT"} if "[TEXT-" in text else set()  # the mask gave the whole text up: there is nothing left to read
        found += [f"{path}: {kind}" for kind in sorted(kinds)]
        found += [f"{path}: age above {OLDEST}"] if tells_age(text, year) else []
    return found


def _open(text: str, at: int, holes: list[tuple[int, int]]) -> bool:
    """Whether a sign says something and stands outside every placeholder."""
    return text[at].isalnum() and not any(start <= at < end for start, end in holes)


def _as_name(id: str) -> str:
    """An id with the label of a name, if it may be one: a single word may as well be that of a disease."""
    return f"Signed by: {id}" if " " in id else ""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a value with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}.{number}")


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    return [_mapped(item, change) for item in value] if isinstance(value, list) else value

"""Reads the definitions of the severity scores and proves each whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.clinical.score import Band, Score, ScoreInput
from yingzhi.knowledge.load import HERE, read_yaml


def read_scores(root: Path = HERE) -> tuple[Score, ...]:
    """Read every definition of `scores/`, one file a score.

    Raises:
        KnowledgeError: A file is wrong; the message names file and key.
    """
    return tuple(_read(path) for path in sorted((root / "scores").glob("*.yaml")))


def check_score(score: Score) -> Iterator[str]:
    """Every reference within a definition that does not hold, as one line each."""
    parts = {part.id for part in score.parts}
    sources = {source.id for source in score.sources}
    yield from (f"input {name} is there twice" for name, n in Counter(one.id for one in score.inputs).items() if n > 1)
    yield from (f"input {one.id}: part {one.part} is unknown" for one in score.inputs if one.part and one.part not in parts)
    yield from (line for one in score.inputs for line in _check_input(one))
    yield from (f"part {part.id}: adds up an unknown part" for part in score.parts if not set(part.sum_of) <= parts)
    for scale in score.scales:
        if scale.source not in sources:
            yield f"scale {scale.name.en}: source {scale.source} is unknown"
        if scale.of and scale.of not in parts:
            yield f"scale {scale.name.en}: part {scale.of} is unknown"
        edges = [_edge(band) for band in scale.bands]
        if edges != sorted(set(edges)):
            yield f"scale {scale.name.en}: bands are not in rising order"


def _check_input(one: ScoreInput) -> Iterator[str]:
    if (one.kind == "choice") != (len(one.choices) > 1):
        yield f"input {one.id}: choices do not fit its kind"
    if any(choice.points is None and isinstance(choice.value, str) for choice in one.choices) and one.role == "item":
        yield f"input {one.id}: a choice has no points"
    if any(sum(edge is not None for edge in (s.above, s.at_least, s.below)) != 1 for s in one.steps):
        yield f"input {one.id}: a step names exactly one edge"


def _edge(band: Band) -> tuple[float, bool]:
    return (band.above, True) if band.above is not None else (band.at_least or 0, False)


def _read(path: Path) -> Score:
    try:
        score = Score.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise KnowledgeError(f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    for problem in check_score(score):
        raise KnowledgeError(f"{path.name}: {problem}")
    return score

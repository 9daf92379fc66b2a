"""The scores by id, read when the first one is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cache

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.score import Score
from yingzhi.knowledge.read_scores import read_scores


@cache
def _scores() -> Mapping[str, Score]:
    return {score.id: score for score in read_scores()}


class Catalogue(Mapping[str, Score]):
    """A read-only mapping that reads its files at the first look."""

    def __getitem__(self, key: str) -> Score:
        return _scores()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_scores())

    def __len__(self) -> int:
        return len(_scores())


SCORES: Mapping[str, Score] = Catalogue()


def find_score(name: str) -> Score:
    """The score of an id or a short name (`PASI`, `mRSS`), case and spaces aside.

    Raises:
        CaseError: There is none; the nearest ids are offered.
    """
    wanted = "-".join(name.casefold().split())
    for score in SCORES.values():
        if wanted in (score.id, "-".join(score.short.casefold().split())):
            return score
    near = difflib.get_close_matches(wanted, list(SCORES), 3, 0.5) or list(SCORES)
    raise CaseError(f"no such score; there is {', '.join(near)}", "score")

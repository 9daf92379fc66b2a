"""How far two judges agree, and the table of a judging.

Agreement says that two judges see the same, not that they see right: both may share a fault. It is needed, and it is not enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from pydantic import Field

from yingzhi.clinical.words import Record
from yingzhi.evals.judge_grades import CRITERIA, Criterion, Grade, standing
from yingzhi.evals.summary import Mean, mean_of

RELIABLE = 0.4
"""Kappa below which a criterion is not to be relied on: at most "fair" in Landis and Koch, Biometrics 1977;33:159-174. A convention."""
ALONE = "one judge: nothing is known of its agreement with another"


class Agreement(Record):
    """Two judges over the traces that both graded by one rubric."""

    criterion: Criterion
    judges: tuple[str, str]
    n: int = Field(description="Traces; the languages and epochs of one case are not independent.")
    exact: float | None = Field(description="Share with the same grade.")
    within_one: float | None = Field(description="Share that is at most one grade apart.")
    kappa: float | None = Field(description="Null if both gave one and the same grade throughout: then chance alone explains it all.")


class JudgeMean(Record):
    """Mean grade by one criterion."""

    criterion: Criterion
    judge: str = Field(description="Empty for all judges together.")
    mean: Mean | None


class Judging(Record):
    """What a judged run comes to."""

    judges: list[str]
    means: list[JudgeMean]
    agreement: list[Agreement]
    ungraded: dict[str, int] = Field(description="How often a judge gave no grade, by judge and reason.")


def weighted_kappa(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Cohen's kappa with quadratic weights: 1 - observed / expected, both mean squared differences of the grades.

    Observed is over the pairs as they are, expected over all grades of the one against all of the other, which is what independent judges
    with the same habits would show. Source: Cohen J. Psychological Bulletin 1968;70:213-220, doi:10.1037/h0026256, with squared distances
    as weights of disagreement; their scale cancels out.

    Args:
        first: Grades of one judge.
        second: Grades of the other, of the same things in the same order.

    Returns:
        At most 1; 0 is no better than chance. None where nothing is expected to differ: no pairs, or one grade throughout.

    Raises:
        ValueError: The lengths differ.
    """
    if len(first) != len(second):
        raise ValueError("grades of the same things are needed")
    if not first:
        return None
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    expected = float((np.subtract.outer(a, b) ** 2).mean())
    return None if expected == 0 else 1 - float(((a - b) ** 2).mean()) / expected


def agreement(grades: Iterable[Grade]) -> list[Agreement]:
    """The agreement of every two judges by each criterion they share."""
    given: dict[Criterion, dict[str, dict[tuple[str, str, str], int]]] = {}
    for g in standing(grades):
        grades_of = given.setdefault(g.criterion, {}).setdefault(g.judge, {})
        if g.grade is not None:
            grades_of[g.key, g.prompt, g.shown] = g.grade
    found = []
    for criterion in CRITERIA:
        mine = given.get(criterion, {})
        for pair in combinations(sorted(mine), 2):
            one, other = mine[pair[0]], mine[pair[1]]
            shared = sorted(one.keys() & other.keys())
            a, b = [one[k] for k in shared], [other[k] for k in shared]
            apart = [abs(x - y) for x, y in zip(a, b, strict=True)]
            found.append(
                Agreement(
                    criterion=criterion,
                    judges=pair,
                    n=len(shared),
                    exact=apart.count(0) / len(apart) if apart else None,
                    within_one=sum(d <= 1 for d in apart) / len(apart) if apart else None,
                    kappa=weighted_kappa(a, b),
                )
            )
    return found


def judging(grades: Iterable[Grade]) -> Judging:
    """Means with intervals over cases, of all judges and of each, and how far they agree."""
    given = standing(grades)
    judges = sorted({g.judge for g in given})
    means = []
    for criterion in CRITERIA:
        mine = [g for g in given if g.criterion == criterion]
        for judge in [*([""] if len(judges) > 1 else []), *judges] if mine else []:
            means.append(JudgeMean(criterion=criterion, judge=judge, mean=_mean([g for g in mine if judge in {"", g.judge}])))
    ungraded = Counter(f"{g.judge}: {g.failed or g.why}" for g in given if g.grade is None)
    return Judging(judges=judges, means=means, agreement=agreement(given), ungraded=dict(sorted(ungraded.items())))


def _mean(grades: Iterable[Grade]) -> Mean | None:
    """The mean over traces; one that a judge gave no grade is unscored."""
    by_trace: dict[tuple[str, str], list[int | None]] = {}
    for g in grades:
        by_trace.setdefault((g.case, g.key), []).append(g.grade)
    by_case: dict[str, list[float | None]] = {}
    for (case, _), values in sorted(by_trace.items()):
        whole = [v for v in values if v is not None]
        by_case.setdefault(case, []).append(sum(whole) / len(whole) if len(whole) == len(values) else None)
    return mean_of(by_case)


def as_text(found: Judging) -> str:
    """The judging for a terminal."""
    wide = max([len(j) for j in found.judges] + [5]) + 2
    lines = [f"{'grades 1 to 5':<14} {'judge':<{wide}} {'mean':>5}  {'95 % interval':<15} {'n':>4}  unscored"]
    for row in found.means:
        m = row.mean
        figures = f"{m.value:>5.2f}  {f'{m.low:.2f} to {m.high:.2f}':<15} {m.n:>4}  {m.unscored or ''}" if m else "    -  no grade"
        lines.append(f"{row.criterion:<14} {row.judge or 'all':<{wide}} {figures}".rstrip())
    lines += ["", *agreement_lines(found)]
    lines += [f"unscored: {kind} ({count})" for kind, count in found.ungraded.items()]
    return "\n".join(lines) + "\n"


def agreement_lines(found: Judging) -> list[str]:
    """How far the judges agree, a line a criterion and pair, and which criteria are not to be relied on."""
    if len(found.judges) < 2:
        return [ALONE]
    lines = [f"{'agreement':<14} {'n':>4}  {'exact':>5}  {'within one':>10}  {'kappa':>6}"]
    for a in found.agreement:
        if a.exact is None or a.within_one is None:
            lines.append(f"{a.criterion:<14} {a.n:>4}  nothing that both graded: nothing is known of their agreement")
            continue
        kappa = "none" if a.kappa is None else f"{a.kappa:.2f}"
        lines.append(f"{a.criterion:<14} {a.n:>4}  {a.exact:>5.2f}  {a.within_one:>10.2f}  {kappa:>6}  {doubt(a.kappa)}".rstrip())
        if len(found.judges) > 2:
            lines[-1] += f"  ({a.judges[0]}, {a.judges[1]})"
    return lines


def doubt(kappa: float | None) -> str:
    """Why a criterion is not to be relied on; empty if nothing speaks against it."""
    if kappa is None:
        return "not to be relied on: one grade throughout"
    return f"not to be relied on: kappa below {RELIABLE}" if kappa < RELIABLE else ""

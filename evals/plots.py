"""Plots of a report: calibration, cost against score, differences with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from yingzhi.evals.compare import Comparison
from yingzhi.evals.matrix import quality
from yingzhi.evals.promote import REPORTED
from yingzhi.evals.runs import Scored
from yingzhi.evals.score import Scorer
from yingzhi.evals.summary import Bin, Mean, mean_of
from yingzhi.evals.svg import COLOURS, drawing, element
from yingzhi.evals.tables import ALL

MARKERS = "os^Dv*"
"""One a run: colour is never the only difference."""
SIGNS = {"better": "^", "worse": "v"}


@dataclass(frozen=True, slots=True)
class Point:
    """One case in a plot of cost against score."""

    case: str
    cost: float
    score: float


@dataclass(frozen=True, slots=True)
class Cloud:
    """One run in a plot of cost against score."""

    run: str
    points: Sequence[Point]
    cost: Mean
    score: Mean


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of a plot of differences."""

    name: str
    value: float
    low: float
    high: float
    verdict: str


def calibration_plot(curves: Sequence[tuple[str, Sequence[Bin]]], words: Mapping[str, str]) -> Markup:
    """Stated probability against share right, a line a run, with the counts of the bins below.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    with drawing(7.2, 5.2) as figure:
        top, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        top.plot([0, 1], [0, 1], color=COLOURS["soft"], linestyle="--", linewidth=1, label=words["perfect"])
        width = 0.09 / len(curves)
        for i, (run, bins) in enumerate(curves):
            colour, marker = _look(i)
            size = 1.5 + 1.5 * (len(curves) - 1 - i)  # the first ones broader: a line under another that is the same is still seen
            x, y = [b.stated for b in bins], [b.right for b in bins]
            top.plot(x, y, color=colour, marker=marker, linewidth=size, markersize=4 + 1.5 * size, label=run, gid=f"points-{i}")
            at = [b.low + 0.005 + width * (i + 0.5) for b in bins]
            below.bar(at, [b.n for b in bins], width=width * 0.9, color=colour, label="_")
            for place, b in zip(at, bins, strict=True):
                below.annotate(str(b.n), (place, b.n), (0, 1), textcoords="offset points", ha="center", fontsize=7, color=COLOURS["ink"])
        top.set(xlim=(-0.02, 1.02), ylim=(-0.04, 1.04), ylabel=words["right"])
        figure.legend(loc="outside upper center", ncols=4)
        below.margins(y=0.3)
        below.set(xlabel=words["stated"], ylabel=words["count"], xticks=[x / 10 for x in range(11)])
        titles = {
            f"points-{i}": [f"{run}: {words['stated']} {b.stated:.2f}, {words['right']} {b.right:.2f}, n {b.n}" for b in bins]
            for i, (run, bins) in enumerate(curves)
        }
        return element(figure, "calibration", words["calibration"], titles)


def cost_plot(clouds: Sequence[Cloud], name: str, label: str, words: Mapping[str, str]) -> Markup:
    """Cost of a case against its mean score, a point a case, and the mean of each run.

    Args:
        clouds: The runs, none of them empty.
        name: Of the cost, for the ids in the page.
        label: Of the axis, with the unit.
        words: Of the report.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    with drawing(7.2, 4.4) as figure:
        axes = figure.subplots()
        titles: dict[str, list[str]] = {}
        for i, cloud in enumerate(clouds):
            colour, marker = _look(i)
            xs, ys = [p.cost for p in cloud.points], [p.score for p in cloud.points]
            axes.plot(xs, ys, marker, color=colour, alpha=0.45, markersize=4.5, markeredgewidth=0, gid=f"points-{i}")
            titles[f"points-{i}"] = [f"{p.case} · {cloud.run}: {p.cost:,.6g}; {p.score:.3f}" for p in cloud.points]
        for i, cloud in enumerate(clouds):  # over the points of all
            colour, marker = _look(i)
            c, s = cloud.cost, cloud.score
            axes.errorbar(
                [c.value],
                [s.value],
                xerr=[[c.value - c.low], [c.high - c.value]],
                yerr=[[s.value - s.low], [s.high - s.value]],
                fmt=marker,
                color=colour,
                markersize=10 + 3 * (len(clouds) - 1 - i),
                markeredgecolor=COLOURS["ink"],
                elinewidth=2,
                label=f"{cloud.run}, {words['mean']}",
            )
        if all(p.cost > 0 for cloud in clouds for p in cloud.points):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.6g}"))
        axes.set(xlabel=label, ylabel=words["mean_score"])
        figure.legend(loc="outside upper center", ncols=4)
        return element(figure, f"cost-{name}", f"{words['cost']}: {label}", titles)


def intervals_plot(panels: Sequence[tuple[str, Sequence[Interval]]], name: str, label: str) -> Markup:
    """Differences with their intervals, a row each and a line at zero.

    Args:
        panels: Label of the axis with its unit, and the rows; not all of them empty.
        name: For the ids in the page.
        label: What the plot is, for those who do not see it.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    filled = [(unit, rows) for unit, rows in panels if rows]
    sizes = [len(rows) + 1 for _, rows in filled]
    with drawing(7.2, 0.26 * sum(sizes) + 0.6 * len(sizes)) as figure:
        drawn = figure.subplots(len(filled), 1, height_ratios=sizes, squeeze=False)[:, 0]
        titles: dict[str, list[str]] = {}
        for number, (axes, (unit, rows)) in enumerate(zip(drawn, filled, strict=True)):
            axes.axvline(0, color=COLOURS["soft"], linewidth=1)
            for y, row in enumerate(rows):
                colour = COLOURS.get(row.verdict, COLOURS["ink"])
                axes.plot([row.low, row.high], [y, y], color=colour, linewidth=2)
                gid = f"points-{number}-{y}"
                axes.plot([row.value], [y], SIGNS.get(row.verdict, "o"), color=colour, markersize=8, gid=gid)
                titles[gid] = [f"{row.name}: {row.value:+.3g} ({row.low:+.3g}, {row.high:+.3g})"]
            axes.set_yticks(range(len(rows)), [row.name for row in rows])
            axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel=unit)
        return element(figure, name, label, titles)


def _look(i: int) -> tuple[str, str]:
    return COLOURS[f"run{i % 6}"], MARKERS[i % 6]


def cloud_of(run: str, rows: Sequence[Scored], name: str, scorers: Sequence[Scorer]) -> Cloud | None:
    """A run's cases by one figure of cost and by their mean score, None if the figure was never scored."""
    costs: dict[str, list[float | None]] = {}
    scores: dict[str, list[float | None]] = {}
    for row in rows:
        price, value = row.scores[name].value if name in row.scores else None, quality(row, scorers)
        if price is not None and value is not None:
            costs.setdefault(row.case, []).append(price)
            scores.setdefault(row.case, []).append(value)
    points = [Point(case, _plain(costs[case]), _plain(scores[case])) for case in sorted(costs)]
    cost, score = mean_of(costs), mean_of(scores)
    return Cloud(run, points, cost, score) if cost and score else None


def intervals_of(c: Comparison, better: Mapping[str, str], words: Mapping[str, str]) -> tuple[list[Interval], list[Interval], list[str]]:
    """Differences of scores; those of figures with a unit, in % of the mean of the first run; and names of scorers that do not differ."""
    shares: list[Interval] = []
    figures: list[Interval] = []
    same: list[str] = []
    for d in c.differences:
        if d.label != ALL or d.difference is None or d.before is None or d.after is None:
            continue
        name = d.scorer + (f" ({words['gate']})" if d.gate else "") + (" ↓" if better.get(d.scorer) == "lower" else "")
        if d.verdict == "no difference":
            same.append(d.scorer)
        elif d.scorer not in REPORTED and max(d.before.value, d.after.value) <= 1:
            shares.append(Interval(name, d.difference.value, d.difference.low, d.difference.high, d.verdict))
        elif d.before.value:
            unit = 100 / d.before.value
            figures.append(Interval(name, d.difference.value * unit, d.difference.low * unit, d.difference.high * unit, d.verdict))
    return shares, figures, same


def _plain(values: Sequence[float | None]) -> float:
    known = [v for v in values if v is not None]
    return sum(known) / len(known)

"""A severity score: its definition as data, and what a computation of it gives.

One definition drives the check of the values, the arithmetic, the JSON schema, the command's help and the documentation.
Two formulas are enough for all of them:

- `sum`: total = sum of weight x points over the inputs of the parts that count.
- `rows`: total = sum over the rows (body regions) of weight x points of the factor column x sum of the points of the other columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from yingzhi.clinical.citation import Citation
from yingzhi.clinical.words import Record, Text

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
ScoreId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Value = bool | int | float | str
"""What an input may hold: a number, the value of a choice, or whether something is there."""


class Fixed(Record):
    """A part of a definition: never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(Fixed):
    """One answer that may be chosen."""

    value: int | float | str
    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)
    points: float | None = Field(default=None, description="Points it gives; the value itself where not given.")


class Step(Fixed):
    """Points that a number gives beyond an edge; the last step that fits holds. Exactly one edge is given."""

    points: float
    above: float | None = None
    at_least: float | None = None
    below: float | None = None


class Item(Fixed):
    """What is asked: a number, one of several choices, or a yes or no."""

    label: Text
    kind: Literal["number", "choice", "flag"]
    choices: tuple[Choice, ...] = ()
    minimum: float = 0
    maximum: float = Field(default=100, description="Largest number that is taken; beyond it the unit or the entry is wrong.")
    whole: bool = Field(default=False, description="Whole numbers only.")
    unit: str = ""
    steps: tuple[Step, ...] = Field(default=(), description="How a number becomes points; the number itself where there are none.")
    weight: float = 1
    part: str = Field(default="", description="Part that its points go to.")
    always: bool = Field(default=False, description="Asked for even when the rest is said to be zero: a missing one says nothing.")
    factor: bool = Field(default=False, description="In a `rows` formula: multiplies the other columns of its row.")


class ScoreInput(Item):
    """One value that the score needs."""

    id: Name
    role: Literal["item", "weights", "doubles"] = Field(
        default="item", description="`weights`: its answer picks the weights of the rows. `doubles`: if true, its part counts twice."
    )
    row: str = ""
    column: str = ""


class Row(Fixed):
    """A body region, a day or another thing that is scored by the same columns as its neighbours."""

    id: Name
    label: Text
    weight: float = 1
    weight_by: dict[str, float] = Field(default_factory=dict, description="Weight under an answer of the input with role `weights`.")


class Column(Item):
    """What is scored in every row of a grid."""

    id: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$", description="Empty: the row's id alone names the input.")


class Grid(Fixed):
    """Inputs by rows and columns; the ids are `row_column`."""

    label: Text = Field(description="What the rows are together, e.g. `12 skin sites`.")
    rows: tuple[Row, ...] = Field(min_length=1)
    columns: tuple[Column, ...] = Field(min_length=1)

    def inputs(self) -> Iterator[ScoreInput]:
        """Every cell as an input."""
        for row in self.rows:
            for column in self.columns:
                named = Text(en=f"{row.label.en}: {column.label.en}", zh=f"{row.label.zh}：{column.label.zh}") if column.id else row.label
                cell = {name: getattr(column, name) for name in Item.model_fields}
                cell |= {"id": f"{row.id}_{column.id}" if column.id else row.id, "row": row.id, "column": column.id, "label": named}
                yield ScoreInput.model_validate(cell)


class Part(Fixed):
    """A subscore."""

    id: Name
    label: Text
    minimum: float = 0
    maximum: float | None = Field(default=None, description="Under the rows' own weights; it moves with a weight that an answer picks.")
    in_total: bool = Field(default=True, description="False: it is reported beside the total, such as damage beside activity.")
    sum_of: tuple[Name, ...] = Field(default=(), description="Other parts that it adds up.")


class Band(Fixed):
    """A range of the score and what it means. It reaches up to the next band."""

    label: Text
    at_least: float | None = None
    above: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a value is at or beyond its lower edge."""
        return value > self.above if self.above is not None else value >= (self.at_least or 0)


class Scale(Fixed):
    """One published way to read the score. Where publications differ, each is a scale of its own, the one we use first."""

    name: Text
    source: str = Field(description="Id among the score's sources.")
    of: str = Field(default="", description="Part that it reads; the total where empty.")
    bands: tuple[Band, ...] = Field(min_length=1)


class Limit(Fixed):
    """What the values of one column may add up to."""

    column: Name
    maximum: float
    label: Text


class Score(Fixed):
    """The definition of one score."""

    id: ScoreId
    short: str = Field(description="What it is called in notes, the same in both languages.")
    names: Text
    measures: Text
    diseases: tuple[str, ...] = Field(default=(), description="Ids of the diseases it is used in; empty: no single disease.")
    formula: Literal["sum", "rows"] = "sum"
    formula_text: Text
    layout: tuple[ScoreInput | Grid, ...] = Field(min_length=1)
    parts: tuple[Part, ...] = ()
    limit: Limit | None = None
    unit: str = ""
    minimum: float
    maximum: float | None = Field(description="None: there is no upper bound.")
    scales: tuple[Scale, ...] = Field(default=(), description="Empty: no bands are given, and the note says why.")
    note: Text = Field(description="Which definition this is, where others differ, and what the score cannot say.")
    rights: Text | None = Field(default=None, description="Who owns the questionnaire and what that asks of the user.")
    sources: tuple[Citation, ...] = Field(min_length=1, description="The definition first.")

    @cached_property
    def inputs(self) -> tuple[ScoreInput, ...]:
        """Every value that is needed, in order."""
        return tuple(one for entry in self.layout for one in (entry.inputs() if isinstance(entry, Grid) else (entry,)))

    @cached_property
    def rows(self) -> dict[str, Row]:
        """The rows of all grids by id."""
        return {row.id: row for entry in self.layout if isinstance(entry, Grid) for row in entry.rows}

    @cached_property
    def whole(self) -> bool:
        """Whether only whole numbers can come out, so that a band reads `4–10` and not `4–<11`."""
        points = [p for one in self.inputs for p in (*(c.points if c.points is not None else c.value for c in one.choices), one.weight)]
        points += [step.points for one in self.inputs for step in one.steps] + [row.weight for row in self.rows.values()]
        counted = all(one.whole or one.steps for one in self.inputs if one.kind == "number")
        return counted and all(isinstance(p, str) or p == int(p) for p in points)

    def source(self, key: str) -> Citation:
        """The source of that id."""
        return next(one for one in self.sources if one.id == key)


class Subscore(Record):
    """One part of a computed score."""

    id: str
    label: Text
    value: float
    minimum: float
    maximum: float | None = None
    in_total: bool = Field(description="False: not part of the total.")


class Reading(Record):
    """What a published scale calls the value."""

    scale: Text
    text: Text
    range: str = Field(description="The band's bounds, e.g. `>7–21`.")
    source: Citation


class ScoreResult(Record):
    """A computed score."""

    score: str = Field(description="Id of the score.")
    names: Text
    total: float
    minimum: float
    maximum: float | None = None
    unit: str = ""
    subscores: list[Subscore] = Field(default_factory=list)
    band: Reading | None = Field(default=None, description="By the scale we use; none where no bands are given.")
    other_bands: list[Reading] = Field(default_factory=list, description="By other published scales.")
    values: dict[str, Value] = Field(description="What it was computed from.")
    assumed_zero: list[str] = Field(default_factory=list, description="Inputs not given, which the caller said outright to be zero.")
    note: Text
    source: Citation = Field(description="Where the score is defined.")

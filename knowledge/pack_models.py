"""The shape of a pack: all that goes with a systemic drug, from the tests before the first dose to the months after the last.

One file a drug or drug group in `packs/`. Times count from the first dose unless a field says otherwise.
Every line names its source; a line whose number could not be looked up says `unverified`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.knowledge.models import Bilingual, Id, Strict

StopKind = Literal["do-not-begin", "stop", "pause", "reduce", "act"]
"""do-not-begin = only before the first dose, stop = for good, pause = until it is settled, reduce = lower dose or wider interval,
act = go on, but do something now."""


class Who(Strict):
    """Patients that a line holds for. All fields that are given have to hold."""

    any_of: tuple[Id, ...] = ()
    """Conditions, of which one is enough."""
    taking: tuple[Id, ...] = ()
    """Drugs or classes of the formulary, of which one is enough."""
    egfr_below: float | None = None
    """mL/min/1.73 m²."""
    age_below: float | None = None
    age_from: float | None = None
    """Years."""
    sex: Literal["female", "male"] | None = None
    childbearing: bool = False
    """Only patients in whom pregnancy has to be thought of."""


class Line(Strict):
    """Something that a source says."""

    source: Id
    unverified: bool = False
    """The number in it was not found in the source."""
    drugs: tuple[Id, ...] = ()
    """Those of the pack's drugs that it holds for; all, where none is named."""


class Screen(Line):
    """What to know before the first dose."""

    tests: tuple[Id, ...] = ()
    """Ids of investigations, where there are any."""
    what: Bilingual
    need: Literal["must", "consider"] = "must"
    who: Who | None = None


class Rhythm(Strict):
    """When something is due. The single times come first, then the interval goes on from the last of them."""

    weeks: tuple[float, ...] = ()
    months: tuple[int, ...] = ()
    every_weeks: float | None = Field(default=None, gt=0)
    every_months: int | None = Field(default=None, gt=0)
    until_months: int | None = Field(default=None, gt=0)
    """The interval ends here."""


class Sooner(Rhythm):
    """A closer watch for some patients; it takes the place of the usual rhythm."""

    who: Who
    why: Bilingual
    unverified: bool = False
    """That it has to be closer is known, how close is our figure."""
    source: Id


class Watch(Line, Rhythm):
    """What to check while the drug goes on. Without a time it is done when there is a reason."""

    tests: tuple[Id, ...] = ()
    what: Bilingual
    who: Who | None = None
    sooner: tuple[Sooner, ...] = ()


class Limit(Strict):
    """A laboratory result that meets a rule."""

    analyte: Id
    below: float | None = None
    """In the analyte's canonical unit."""
    above: float | None = None
    times_upper: float | None = Field(default=None, gt=0)
    """Above so many times the upper reference limit."""


class StopRule(Line):
    """What ends, halts or lowers the treatment."""

    when: Bilingual
    act: Bilingual
    kind: StopKind
    limits: tuple[Limit, ...] = ()
    """Results of which any meets the rule; empty for what only a look or a question finds."""


class Contraception(Line):
    """What one sex has to do about conception."""

    sex: Literal["female", "male"]
    needed: Literal["yes", "advised", "no"]
    text: Bilingual
    months_before: int = Field(default=0, ge=0)
    """Contraception begins so long before the first dose."""
    months_after: int | None = Field(default=None, ge=0)
    """It goes on so long after the last dose; none where the source gives no time."""
    weeks_after: float | None = Field(default=None, ge=0)
    """The same where the source counts in weeks."""


class Vaccine(Line):
    """A vaccine, and when."""

    vaccine: Bilingual
    live: bool = False
    advice: Bilingual
    weeks_before: float | None = Field(default=None, ge=0)
    """To be given at least so long before the first dose."""
    months_after: int | None = Field(default=None, ge=0)
    """Not before so long after the last dose."""
    weeks_after: float | None = Field(default=None, ge=0)
    """The same where the source counts in weeks."""
    who: Who | None = None


class Counsel(Line):
    """What to tell the patient, in everyday words."""

    text: Bilingual


class DrugPack(Strict):
    """One drug's, or one group's, pack."""

    id: Id
    names: Bilingual
    drugs: tuple[Id, ...] = Field(min_length=1)
    """Ids of the formulary. The pack is for their use by mouth or injection."""
    short: bool = False
    """A drug that needs little: counselling and few rules."""
    note: Bilingual | None = None
    screen: tuple[Screen, ...] = ()
    watch: tuple[Watch, ...] = ()
    stop: tuple[StopRule, ...] = ()
    conception: tuple[Contraception, ...] = ()
    vaccines: tuple[Vaccine, ...] = ()
    counsel: tuple[Counsel, ...] = Field(min_length=1)

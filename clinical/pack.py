"""A drug's pack for one patient: what to check before, when to check again, when to stop, what to tell, each with its source."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from yingzhi.clinical.words import Record, Text


class PackLine(Record):
    """Something that a source says."""

    text: Text
    source: str
    unverified: bool = Field(default=False, description="The number in it was not found in the source.")


class ScreenLine(PackLine):
    """One thing to know before the first dose."""

    tests: list[str] = Field(default_factory=list, description="Ids of investigations.")
    need: Literal["must", "consider"]
    state: Literal["to-do", "done", "open"] = Field(
        description="done = all its tests are among those already there; open = holds only if a fact that is not known turns out so."
    )
    depends_on: Text | None = Field(default=None, description="The fact that an `open` line waits for.")


class DueLine(PackLine):
    """One thing that is due at a visit."""

    tests: list[str] = Field(default_factory=list)
    because: Text | None = Field(default=None, description="Why it is due sooner for this patient than usual.")


class Visit(Record):
    """What is due on one day."""

    day: date | None = Field(description="Null while the first day is not known.")
    weeks: float = Field(description="Weeks since the first dose.")
    state: Literal["past", "next", "later"] = Field(description="past = should have been done by now.")
    due: list[DueLine]


class StopLine(PackLine):
    """What ends, halts or lowers the treatment; `text` is the rule with its action."""

    kind: Literal["do-not-begin", "stop", "pause", "reduce", "act"]
    met_by: Text | None = Field(default=None, description="The patient's own result that meets it now.")


class ConceptionLine(PackLine):
    """What this patient has to do about conception."""

    needed: Literal["yes", "advised", "no"]
    begin: date | None = Field(default=None, description="Contraception from this day on.")
    months_after: int | None = Field(default=None, description="It goes on so many months after the last dose.")
    weeks_after: float | None = Field(default=None, description="The same where the source counts in weeks.")
    until: date | None = Field(default=None, description="Its last day, where the day of the last dose is known.")


class VaccineLine(PackLine):
    """A vaccine and when."""

    live: bool
    latest: date | None = Field(default=None, description="Last day on which it can be given before the first dose.")
    earliest: date | None = Field(default=None, description="First day on which it can be given after the last dose.")


class PatientPack(Record):
    """The pack of one drug for one patient. It tells what the sources ask for; the doctor decides."""

    pack: str = Field(description="Id of the pack.")
    drug: str = Field(description="Id in the formulary.")
    en: str
    zh: str
    taken: bool = Field(default=False, description="The patient takes it already.")
    start: date | None = None
    end: date | None = Field(default=None, description="Day of the last dose, where known.")
    note: Text | None = None
    screen: list[ScreenLine] = Field(default_factory=list)
    calendar: list[Visit] = Field(default_factory=list, description="In order of time, as far as the horizon and one turn beyond.")
    on_demand: list[DueLine] = Field(default_factory=list, description="Checks without a time: when there is a reason.")
    stop: list[StopLine] = Field(default_factory=list, description="Those that a result meets now come first.")
    conception: list[ConceptionLine] = Field(default_factory=list)
    vaccines: list[VaccineLine] = Field(default_factory=list)
    counsel: list[PackLine] = Field(default_factory=list)
    not_known: list[Text] = Field(default_factory=list, description="Facts that would change the pack and are not in the record.")

    def cited(self) -> list[str]:
        """Ids of every source that it rests on, each once."""
        lines: list[PackLine] = [*self.screen, *self.on_demand, *self.stop, *self.conception, *self.vaccines, *self.counsel]
        return list(dict.fromkeys([line.source for line in lines] + [d.source for v in self.calendar for d in v.due]))

"""What the drug-safety tools say: of a name, a pair, a drug in a patient, and a whole list."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.presentation import Medication, Patient
from yingzhi.clinical.words import Record, Severity, Text

SEVERITIES: tuple[Severity, ...] = ("contraindicated", "major", "moderate", "minor", "none", "unknown")
"""From the worst on. `unknown` is not mild: it says that nothing could be judged."""

AlertTier = Literal["stop", "decide", "watch", "note"]
"""stop = not together or not in this patient, decide = needs a decision now, watch = adjust or monitor, note = to know."""

TIER_OF: dict[Severity, AlertTier] = {"contraindicated": "stop", "major": "decide", "moderate": "watch", "minor": "note"}

NameMatch = Literal["id", "name", "alias", "form"]
"""How a name was recognised: `form` = after leaving out a salt, strength or dosage form."""


class DrugMatch(Record):
    """A name that is known for certain."""

    name: str = Field(description="As written.")
    drug: str = Field(description="Id in the formulary.")
    names: Text
    how: NameMatch


class DrugSuggestion(Record):
    """A drug that a name resembles. Shown to a person, never taken."""

    drug: str
    names: Text
    alike: float = Field(ge=0, le=100, description="Similarity of spelling, 100 = the same.")


class UnknownDrug(Record):
    """A name that the formulary does not have. Nothing about it was checked."""

    name: str
    suggestions: list[DrugSuggestion] = Field(default_factory=list)


class Mechanism(Record):
    """One reason why two drugs do harm together."""

    rule: str = Field(description="Id of the rule.")
    severity: Severity
    onset: Literal["rapid", "delayed", "unknown"] = "unknown"
    mechanism: Text
    management: Text
    sources: list[str] = Field(default_factory=list)


class Interaction(Record):
    """The verdict on a pair: the most severe of its mechanisms, all of them listed."""

    drug_a: str
    drug_b: str
    known: bool = Field(description="False if either name is not in the formulary; severity then reads `unknown`.")
    severity: Severity
    mechanisms: list[Mechanism] = Field(default_factory=list, description="Worst first.")


class LabValue(Record):
    """A laboratory value, in the unit of its name."""

    value: float
    days_ago: float | None = Field(default=None, ge=0)


class DrugPatient(Patient):
    """The patient as the drug rules need to see them. What is null or not listed is not known, not normal."""

    egfr: float | None = Field(default=None, ge=0, le=200, description="mL/min/1.73 m²; computed from creatinine when null.")
    creatinine_umol_l: float | None = Field(default=None, gt=0, le=3000, description="Serum creatinine in µmol/L.")
    planning_pregnancy: bool | None = Field(default=None, description="Wants a child soon (either sex); null when not known.")
    conditions_absent: list[str] = Field(
        default_factory=list, description="Conditions looked for and not there, e.g. a negative HLA-B*15:02 or G6PD test."
    )
    medications: list[Medication] = Field(default_factory=list, description="What the patient takes now.")


class DrugAlert(Record):
    """Something to act on. `drugs` holds formulary ids, one problem an alert."""

    id: str = Field(description="Stable id: kind, rule and drugs.")
    kind: Literal["interaction", "combined", "condition", "renal", "age", "pregnancy", "lactation", "fertility", "allergy", "duplicate"]
    tier: AlertTier
    severity: Severity
    drugs: list[str]
    title: Text
    why: Text
    act: Text
    sources: list[str] = Field(default_factory=list)


class NotChecked(Record):
    """A check that could not run, and what it would need. Never to be read as `no problem`."""

    drug: str = Field(description="Formulary id, or the name as written if it is unknown.")
    check: Literal["name", "renal", "pregnancy", "lactation", "age", "condition", "allergy", "sex"]
    needs: Text
    worst: Severity = Field(default="unknown", description="How bad it would be if the fact turned out against the drug.")
    tests: list[str] = Field(default_factory=list, description="Investigations that would settle it.")


class MedicationReview(Record):
    """Safety of a list of drugs in a patient."""

    drugs: list[DrugMatch] = Field(default_factory=list)
    unknown: list[UnknownDrug] = Field(default_factory=list)
    alerts: list[DrugAlert] = Field(default_factory=list, description="Worst first.")
    interactions: list[Interaction] = Field(default_factory=list, description="Every pair with a mechanism, worst first.")
    not_checked: list[NotChecked] = Field(default_factory=list)

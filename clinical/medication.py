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

Onset = Literal["rapid", "delayed", "unknown"]
"""rapid = within a day, delayed = over days or weeks."""

NameMatch = Literal["id", "name", "alias", "form", "spelling", "pinyin"]
"""How a name was recognised: `form` = after leaving out a salt, strength or dosage form, or by two names that agree;
`spelling` = by an older or national spelling of the same name; `pinyin` = by the sound of its Chinese name."""


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
    """A name that is not certain. Nothing about it was checked."""

    name: str
    reason: Literal["unknown", "misspelt", "ambiguous", "class"] = Field(
        default="unknown", description="misspelt = resembles known names; ambiguous = means several drugs; class = names a whole class."
    )
    means: Text | None = Field(default=None, description="The class it names.")
    suggestions: list[DrugSuggestion] = Field(default_factory=list)


class Mechanism(Record):
    """One reason why two drugs do harm together."""

    rule: str = Field(description="Id of the rule.")
    severity: Severity
    onset: Onset = "unknown"
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


class DrugLab(Record):
    """A laboratory result as it stands on the slip."""

    name: str = Field(min_length=1, max_length=80, description="The analyte, Chinese or English: `creatinine`, `ALT`, `乙肝表面抗原`.")
    value: float | Literal["positive", "negative"] = Field(description="The number, or positive or negative.")
    unit: str = Field(default="", max_length=40, description="As on the slip. A number without its unit is not used, unless it has none.")
    days_ago: float | None = Field(default=None, ge=0)


class DrugPatient(Patient):
    """The patient as the drug rules need to see them. What is null or not listed is not known, not normal."""

    egfr: float | None = Field(default=None, ge=0, le=200, description="mL/min/1.73 m²; computed from creatinine when null.")
    creatinine_umol_l: float | None = Field(default=None, gt=0, le=3000, description="Serum creatinine in µmol/L.")
    planning_pregnancy: bool | None = Field(default=None, description="Wants a child soon (either sex); null when not known.")
    conditions_absent: list[str] = Field(
        default_factory=list, description="Conditions looked for and not there, e.g. a negative HLA-B*15:02 or G6PD test."
    )
    labs: list[DrugLab] = Field(default_factory=list, description="Results that bear on drugs; the latest of an analyte counts.")
    qtc_ms: float | None = Field(default=None, ge=200, le=800, description="Corrected QT interval in ms.")
    occupation: list[str] = Field(
        default_factory=list, description="What the work asks of the patient: `driver`, `outdoor work`, `高空作业`."
    )
    medications: list[Medication] = Field(default_factory=list, description="What the patient takes now.")


AlertKind = Literal[
    "interaction", "combined", "condition", "renal", "age", "pregnancy", "lactation", "fertility", "allergy", "duplicate", "dose"
]


class DrugAlert(Record):
    """Something to act on. `drugs` holds formulary ids, one problem an alert."""

    id: str = Field(description="Stable id: kind, rule and drugs.")
    kind: AlertKind
    tier: AlertTier
    severity: Severity
    drugs: list[str]
    title: Text
    why: Text
    act: Text
    onset: Onset = Field(default="unknown", description="How fast the harm sets in, where the rule says so.")
    sources: list[str] = Field(default_factory=list)
    problem: str = Field(default="", description="Id of the problem that it belongs to.")


class NotChecked(Record):
    """A check that could not run, and what it would need. Never to be read as `no problem`."""

    drug: str = Field(description="Formulary id, or the name as written if it is unknown; empty for the whole list.")
    check: Literal["name", "renal", "pregnancy", "lactation", "age", "condition", "allergy", "sex", "dose", "lab", "weight"]
    needs: Text
    worst: Severity = Field(default="unknown", description="How bad it would be if the fact turned out against the drug.")
    tests: list[str] = Field(default_factory=list, description="Investigations that would settle it.")


class DoseReading(Record):
    """How a dose was understood, so that a wrong reading shows."""

    drug: str
    written: str
    daily: float | None = Field(default=None, description="Amount a day in `unit`; null when how often is not said or it is as needed.")
    weekly: float | None = Field(default=None, description="Amount a week in `unit`.")
    unit: Literal["mg", "iu", "ml", "count"] = "mg"
    every_days: float | None = Field(default=None, description="Days between doses: 1 = daily, 7 = weekly, 0.5 = twice a day.")
    per_kg: bool = False


class ProblemPart(Record):
    """The drugs of a problem for which it is equally bad."""

    drugs: list[str]
    severity: Severity
    why: Text
    act: Text
    onset: Onset = Field(default="unknown", description="Of the fastest of its reasons.")
    sources: list[str] = Field(default_factory=list)


class DrugProblem(Record):
    """One problem, whatever the number of drugs and pairs behind it. This is what a person is shown."""

    id: str = Field(description="Stable: the kind and what the problem is, without the drugs.")
    kind: AlertKind
    tier: AlertTier
    severity: Severity = Field(description="Of its worst part.")
    drugs: list[str] = Field(description="Formulary ids, those of the worst part first.")
    title: Text
    parts: list[ProblemPart] = Field(description="Worst first.")
    alerts: list[str] = Field(description="Ids of the alerts that it sums up.")
    fingerprint: str = Field(
        description="Changes when drugs, severity, reasons or advice change; an acknowledgement holds for one of them."
    )


class MedicationReview(Record):
    """Safety of a list of drugs in a patient."""

    drugs: list[DrugMatch] = Field(default_factory=list)
    unknown: list[UnknownDrug] = Field(default_factory=list)
    alerts: list[DrugAlert] = Field(default_factory=list, description="Worst first.")
    interactions: list[Interaction] = Field(default_factory=list, description="Every pair with a mechanism, worst first.")
    not_checked: list[NotChecked] = Field(default_factory=list)
    problems: list[DrugProblem] = Field(default_factory=list, description="The alerts, one a problem, worst first.")
    doses: list[DoseReading] = Field(default_factory=list, description="Doses as they were understood.")

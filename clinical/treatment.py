"""What the pharmacology specialist gives: the drugs the patient takes, and the options there are, judged for this patient."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.alert_board import ReviewedProblem
from yingzhi.clinical.medication import MedicationReview
from yingzhi.clinical.pack import PatientPack
from yingzhi.clinical.remark import Remark
from yingzhi.clinical.words import Record, Text


class TreatmentOption(Record):
    """Something a doctor may weigh for one diagnosis. Never an order."""

    disease: str = Field(description="Id of the diagnosis it is for.")
    line: int = Field(ge=0, description="0 = first of all, 1 = first line, and so on.")
    drug: str = Field(default="", description="Id in the formulary; empty for a measure.")
    systemic: bool = Field(default=False, description="A drug given other than on the skin.")
    en: str
    zh: str
    suitable: Literal["yes", "caution", "no", "unknown"] = Field(
        description="yes = no rule speaks against it; caution = with care; no = contraindicated here; unknown = could not be checked."
    )
    why: Text | None = Field(default=None, description="What speaks against it in this patient, or what could not be checked.")
    dose: Text | None = Field(default=None, description="Usual dose in the literature, for orientation.")
    efficacy: Text | None = None
    evidence: Text | None = Field(default=None, description="The kind of document that the efficacy, or else the advice, rests on.")
    watch: Text | None = None
    before: list[Text] = Field(default_factory=list, description="What to check before it is begun.")
    source: str = ""
    efficacy_source: str = Field(default="", description="Where the efficacy stands, if not in `source`.")


class DiseaseChoices(Record):
    """What the options for one diagnosis come down to for this patient. A summary for the doctor to weigh; never an order."""

    disease: str
    left: list[Text] = Field(default_factory=list, description="What no rule forbids, earliest line first.")
    lost: list[Text] = Field(default_factory=list, description="What this patient can't have, each with its reason.")
    open: list[Text] = Field(default_factory=list, description="What could not be judged, each with the facts that it needs.")
    note: Text | None = Field(default=None, description="Said where a whole line, or all of them, is lost or open.")


class TreatmentReview(Record):
    """Safe-medication assessment: current drugs, options, harm to avoid, and what could not be checked."""

    current: MedicationReview
    also_checked: MedicationReview | None = Field(
        default=None, description="The current drugs together with those that a model found in the record and had checked by the rules."
    )
    problems: list[ReviewedProblem] = Field(
        default_factory=list, description="Problems among the current drugs and in this patient, worst first; each has one alert."
    )
    options: list[TreatmentOption] = Field(default_factory=list)
    choices: list[DiseaseChoices] = Field(default_factory=list, description="One for each diagnosis that has options.")
    packs: list[PatientPack] = Field(
        default_factory=list, description="What goes with the drugs that are taken, then with those that may be weighed."
    )
    avoid: list[Text] = Field(default_factory=list, description="Treatments that harm in the leading diagnoses.")
    alerts: list[Alert] = Field(
        default_factory=list,
        description="Possible culprits, results that meet a stop rule, and one alert a problem, with the ids that it sums up.",
    )
    not_checked: list[Text] = Field(default_factory=list)
    remarks: list[Remark] = Field(default_factory=list, description="What a model added in words; empty without one.")

    def cited(self) -> list[str]:
        """Ids of every source that it rests on."""
        ids = [s for a in self.alerts for s in a.sources] + [o.source for o in self.options if o.source]
        ids += [o.efficacy_source for o in self.options if o.efficacy_source] + [s for p in self.packs for s in p.cited()]
        return ids + [s for i in self.current.interactions for m in i.mechanisms for s in m.sources]

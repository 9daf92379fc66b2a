"""The differential: ranked diagnoses, and the matrix of what speaks for and against each."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.citation import Citation, Reference
from yingzhi.clinical.finding import Status
from yingzhi.clinical.remark import Remark
from yingzhi.clinical.words import Commonness, Probability, Record, Span, Text

Confidence = Literal["none", "low", "moderate", "high"]
Effect = Literal["supports", "opposes", "not-asked"]


class Cell(Record):
    """How one finding bears on one diagnosis."""

    finding: str = Field(description="Id of the finding.")
    en: str
    zh: str
    status: Status = Field(default="present", description="How the record states the finding; an absence bears on a diagnosis too.")
    effect: Effect
    weight: float = Field(
        description="log2 of the likelihood ratio: +1 doubles the odds, -1 halves them. For `not-asked`: what its presence would add."
    )
    share: Probability | None = Field(default=None, description="Share of patients with the diagnosis who have it.")
    basis: Literal["reported", "estimate"] | None = Field(
        default=None, description="Whether the source gives the share or only says often or seldom."
    )
    spans: list[Span] = Field(default_factory=list)
    source: str = Field(default="", description="Id of the source of the share.")

    def named(self) -> Text:
        """The finding as the record states it: "no fever" where its absence was noted."""
        if self.status == "absent":
            return Text(en=f"No {self.en[:1].lower()}{self.en[1:]}", zh=f"无{self.zh}")
        return Text(en=self.en, zh=self.zh)


class Diagnosis(Record):
    """One live diagnosis."""

    id: str
    en: str
    zh: str
    aliases: list[str] = Field(default_factory=list)
    icd10: str
    xrefs: list[str] = Field(default_factory=list, description="Other catalogues, e.g. `OMIM:131750`.")
    probability: Probability
    commonness: Commonness
    must_not_miss: bool
    danger: Text | None = Field(default=None, description="Why it must not be missed.")
    summary: Text | None = None
    cells: list[Cell] = Field(default_factory=list, description="What supports and opposes it, strongest first, then what was not asked.")
    sources: list[str] = Field(default_factory=list, description="Ids of sources.")
    references: list[Reference] = Field(default_factory=list, description="The sources as records; filled in the finished consultation.")

    def code(self) -> str:
        """The code to write down beside the name: ICD-10, or the first catalogue id of a rare disease that has none."""
        return f"ICD-10 {self.icd10}" if self.icd10 else next(iter(self.xrefs), "")


class LinkCheck(Record):
    """One thing that a systemic link asks to be checked, and what the record says of it."""

    id: str = Field(description="Id of the investigation, finding or drug.")
    kind: Literal["test", "finding", "drug"]
    en: str
    zh: str
    state: Literal["for", "against", "done", "open"] = Field(
        description="for = the record speaks for the link, against = it speaks against, done = checked and silent, open = not checked yet."
    )


class SystemicLink(Record):
    """Something of the rest of the body that goes with a live diagnosis or with what was found."""

    id: str = Field(default="", description="Id of the rule; of a link in a disease's own file the disease and its number.")
    disease: str = Field(description="Id of the diagnosis it goes with; empty where findings alone lead to it.")
    condition: Text
    strength: Literal["strong", "moderate", "weak"]
    act: Text
    source: str
    system: str = Field(default="", description="What of the body: malignancy, endocrine, gut, liver, kidney, blood …")
    relation: Literal["cause", "trigger", "accompanies", "complication"] = Field(
        default="accompanies", description="cause = may lie behind it, trigger = may have set it off, complication = may follow."
    )
    why: Text | None = Field(default=None, description="How the two hang together.")
    findings: list[str] = Field(default_factory=list, description="Ids of the findings that lead to it.")
    checks: list[LinkCheck] = Field(default_factory=list)
    checked: Text = Field(
        default_factory=lambda: Text(en="Not checked yet.", zh="尚未核查。"), description="What was already checked, in words; never empty."
    )
    sources: list[str] = Field(default_factory=list, description="Ids of all its sources.")
    references: list[Reference] = Field(default_factory=list, description="The sources as records; filled in the finished consultation.")


class Contrast(Record):
    """What sets two live diagnoses apart."""

    first: str
    second: str
    apart_by: Text
    findings: list[str] = Field(default_factory=list)


class PairMember(Record):
    """One of two diseases that may be there together."""

    id: str
    en: str
    zh: str
    findings: list[str] = Field(description="Ids of the findings that it explains and the other does not, the most telling first.")


class Pair(Record):
    """Two diseases at once that explain the record better than any one."""

    first: PairMember = Field(description="The leading diagnosis.")
    second: PairMember = Field(description="What explains the rest.")
    odds: float = Field(ge=1, description="How many times likelier the two are than the best single disease, by the model; 1000 = or more.")
    linked: bool = Field(default=False, description="Whether the knowledge states that the one goes with the other.")
    why: Text = Field(description="What each explains, in one line.")


class Change(Record):
    """How a diagnosis moved since the last version, and because of what."""

    diagnosis: str
    before: Probability
    after: Probability
    because: list[str] = Field(default_factory=list, description="Ids of findings that are new or changed and bear on it.")


class Differential(Record):
    """What the differential specialist gives."""

    diagnoses: list[Diagnosis] = Field(description="Ranked by probability.")
    must_not_miss: list[str] = Field(description="Ids of dangerous diagnoses that are still live, whatever their rank.")
    other: Probability = Field(description="Probability that none of the known diagnoses fits.")
    confidence: Confidence = Field(description="How much the record allows to say.")
    converged: bool = Field(description="Whether the field is narrow enough for targeted tests.")
    systemic_links: list[SystemicLink] = Field(default_factory=list)
    decision_path: list[Text] = Field(default_factory=list, description="The next steps, in order.")
    contrasts: list[Contrast] = Field(default_factory=list)
    together: list[Pair] = Field(
        default_factory=list, description="Two diseases at once, where they explain the record much better than one; at most three pairs."
    )
    changes: list[Change] = Field(default_factory=list)
    evidence: list[Citation] = Field(default_factory=list, description="Passages that the retrieval found for the leading diagnoses.")
    remarks: list[Remark] = Field(default_factory=list, description="What a model added in words; empty without one.")
    evidence_searched: bool = Field(default=False, description="Whether the evidence was searched at all.")

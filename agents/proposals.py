"""What a model may propose, one small form a specialist. Unknown keys are ignored and long lists cut; nothing here is believed yet."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MOST = 12
"""Items of a list. It stands in the schema: a model that is held to it while it writes can't go on for ever."""
LONGEST = 600
T = TypeVar("T")


def _first_items(value: Any) -> Any:
    return value[:MOST] if isinstance(value, list) else [] if value is None else value


def _cut(value: Any) -> Any:
    return value[:LONGEST] if isinstance(value, str) else "" if value is None else value


def _number(value: Any) -> Any:
    """Digits are a number; `true`, which Python takes for 1, is none."""
    return None if isinstance(value, bool) else int(value) if isinstance(value, str) and value.strip().isdecimal() else value


Words = Annotated[str, BeforeValidator(_cut), Field(max_length=LONGEST)]
Id = Annotated[str, BeforeValidator(_cut), Field(max_length=LONGEST)]
Few = Annotated[list[T], BeforeValidator(_first_items), Field(max_length=MOST)]
Ids = Few[Id]


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class RemarkForm(_Form):
    """One sentence about one thing, with the passages that support it."""

    about: Id = Field(default="", description="id of a disease, test, drug or finding, or empty")
    stance: Literal["for", "against", "note"] = "note"
    text: Words = Field(description="one sentence")
    citations: Ids = Field(default_factory=list, description="ids of passages that say so")


Remarks = Few[RemarkForm]


class FindingForm(_Form):
    """A finding that the note states."""

    finding: Id = Field(description="id from the list")
    status: Literal["present", "absent", "uncertain"]
    quote: Words = Field(description="the words of the note, verbatim")


class AlertForm(_Form):
    """A danger that the rules have not named."""

    title: Words
    why: Words
    quote: Words = Field(default="", description="the words of the note it rests on, verbatim")


class HistoryProposal(_Form):
    """What the playbook overlooked in the record."""

    findings: Few[FindingForm] = Field(default_factory=list)
    alerts: Few[AlertForm] = Field(default_factory=list)
    questions: Ids = Field(default_factory=list, description="ids of findings to ask for first")
    remarks: Remarks = Field(default_factory=list)


class DiseaseForm(_Form):
    """A diagnosis to weigh as well."""

    disease: Id
    why: Words = ""


class DifferentialProposal(_Form):
    """An order of the diagnoses, and what is missing among them."""

    ranking: Ids = Field(default_factory=list, description="ids of diseases, likeliest first")
    add: Few[DiseaseForm] = Field(default_factory=list)
    remarks: Remarks = Field(default_factory=list)


class TestForm(_Form):
    """A test to prefer."""

    __test__ = False
    test: Id
    why: Words = ""


class WorkupProposal(_Form):
    """Tests that would settle most, preferred first."""

    tests: Few[TestForm] = Field(default_factory=list)
    remarks: Remarks = Field(default_factory=list)


class DrugAlertForm(_Form):
    """A danger of a drug in this patient."""

    drug: Id
    title: Words
    why: Words


class PharmacologyProposal(_Form):
    """Drugs to check as well, and dangers that the rules have not named."""

    check: Ids = Field(default_factory=list, description="names of drugs that the note mentions and the list lacks")
    alerts: Few[DrugAlertForm] = Field(default_factory=list)
    remarks: Remarks = Field(default_factory=list)


class DocumentationProposal(_Form):
    """Sentences for the doctor's summary."""

    remarks: Remarks = Field(default_factory=list)


class DoubtForm(_Form):
    """What speaks against the leading diagnosis."""

    disease: Id = ""
    text: Words
    citations: Ids = Field(default_factory=list)


class Challenge(_Form):
    """The devil's advocate."""

    doubts: Few[DoubtForm] = Field(default_factory=list)
    ask: Ids = Field(default_factory=list, description="ids of findings that would overturn the leading diagnosis")


class Verdict(_Form):
    """Which claims their passages bear out."""

    supported: list[int] = Field(default_factory=list, description="numbers of the pairs")


class Judgement(_Form):
    """A grade of a finished consultation by one criterion; the reason comes first, so that the grade follows from it."""

    why: Annotated[Words, Field(min_length=1, description="one sentence")]
    grade: Annotated[Literal[1, 2, 3, 4, 5], BeforeValidator(_number)]


PROPOSALS: dict[str, type[BaseModel]] = {
    "history": HistoryProposal,
    "differential": DifferentialProposal,
    "workup": WorkupProposal,
    "pharmacology": PharmacologyProposal,
    "documentation": DocumentationProposal,
    "challenge": Challenge,
}
FORMS: dict[str, type[BaseModel]] = {**PROPOSALS, "verify": Verdict, "judge": Judgement}
"""All that a model is asked to fill in."""

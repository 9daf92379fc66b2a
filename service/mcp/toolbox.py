"""The tools as a model sees them: a sentence, typed arguments, a record. All of them only read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.presentation import Age
from yingzhi.clinical.score import Value
from yingzhi.clinical.words import Language, Sex
from yingzhi.service.identity.principal import Permission
from yingzhi.service.mcp import checks
from yingzhi.service.mcp import results as r
from yingzhi.service.mcp.checks import LabValue, language_of

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Words = Annotated[str, StringConstraints(max_length=20_000)]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a call works with: the knowledge, and whose documents are searched."""

    resources: Resources
    tenant: str


PERMISSIONS: Mapping[str, Permission] = {
    "check_drugs": "drugs.check",
    "search_evidence": "evidence.search",
    "interpret_labs": "labs.interpret",
    "list_scores": "scores.compute",
    "compute_score": "scores.compute",
    "rank_diagnoses": "consultation.create",
}
"""What the caller of a tool must be allowed to do."""


def tools(desk: Callable[[], Desk]) -> list[Callable[..., Any]]:
    """The tools, each asking for its desk when it is called.

    Args:
        desk: Gives the desk of the call at hand.
    """

    def check_drugs(
        drugs: Annotated[list[Name], Field(min_length=1, max_length=60)],
        patient: DrugPatient | None = None,
        lang: Language | None = None,
    ) -> r.DrugCheck:
        """Check drugs for interactions, duplicates, doses and, with patient facts, for contraindications, pregnancy, kidney and allergies.

        Args:
            drugs: Generic or brand names, Chinese or English; a dose may follow the name, such as "methotrexate 15 mg weekly".
            patient: What is known of the patient; leave out what is not known. `medications` are the drugs taken already.
            lang: zh or en; the language of the names when left out.
        """
        return checks.check_drugs(drugs, patient, desk().resources, language_of(lang, *drugs))

    def search_evidence(
        query: Annotated[str, StringConstraints(min_length=1, max_length=1000)],
        k: Annotated[int, Field(ge=1, le=20)] = 5,
        collection: Annotated[str, StringConstraints(max_length=64)] = "",
        lang: Language | None = None,
    ) -> r.EvidenceFound:
        """Search dermatology guidance and the site's own documents, and get passages with their sources.

        Args:
            query: A question or keywords in Chinese or English, without anything that identifies a patient.
            k: How many passages at most.
            collection: One collection; all of them when left out.
            lang: zh or en; the language of the query when left out.
        """
        at = desk()
        return checks.search(query, k, collection, at.tenant, at.resources, language_of(lang, query))

    def interpret_labs(
        text: Words = "",
        values: Annotated[list[LabValue] | None, Field(max_length=200)] = None,
        sex: Sex = "unknown",
        age: Age | None = None,
        lang: Language | None = None,
    ) -> r.LabReport:
        """Read laboratory results, convert their units, flag them against reference and critical limits, and say what they show.

        Args:
            text: A report slip or a note that holds results, Chinese or English.
            values: Results as a list, instead of or beside the text.
            sex: female, male or unknown; reference intervals depend on it.
            age: Age in years, or an ISO 8601 duration such as P3M; read as an adult's when left out.
            lang: zh or en; the language of the results when left out.
        """
        given = values or []
        return checks.interpret_labs(text, given, sex, age, desk().resources, language_of(lang, text, *(v.name for v in given)))

    def list_scores(score: Annotated[str, StringConstraints(max_length=60)] = "", lang: Language = "en") -> r.ScoreList:
        """List the severity scores that can be computed (PASI, EASI, SCORTEN and others), or the inputs of one of them.

        Args:
            score: Id or short name of one score, to see its inputs; left out, all scores are listed without them.
            lang: zh or en.
        """
        return checks.list_scores(score, lang)

    def compute_score(
        score: Annotated[str, StringConstraints(min_length=1, max_length=60)],
        values: Annotated[dict[str, Value], Field(max_length=400)],
        rest_zero: bool = False,
        lang: Language = "en",
    ) -> r.ScoreComputed:
        """Compute a severity score from its items, with the published band and its source.

        Args:
            score: Id or short name from list_scores, such as pasi.
            values: The value of every input by its id.
            rest_zero: True only if every item left out was looked at and is zero.
            lang: zh or en.
        """
        return checks.compute_score(score, values, rest_zero, lang)

    def rank_diagnoses(
        note: Annotated[Words, StringConstraints(min_length=1)],
        sex: Sex = "unknown",
        age: Age | None = None,
        lang: Language | None = None,
    ) -> r.DifferentialRanked:
        """Rank skin diagnoses for a short note, with red flags, what must not be missed and what to ask next; nothing is stored.

        Args:
            note: Complaint, history and examination, Chinese or English, without names or numbers that identify the patient.
            sex: female, male or unknown.
            age: Age in years, or an ISO 8601 duration such as P3M.
            lang: zh or en; the language of the note when left out.
        """
        return checks.rank(note, sex, age, desk().resources, language_of(lang, note))

    return [check_drugs, search_evidence, interpret_labs, list_scores, compute_score, rank_diagnoses]

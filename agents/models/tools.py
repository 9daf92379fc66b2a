"""The tools that a model may call: thin wrappers, arguments validated, results short. Each specialist has its own list."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yingzhi.agents.specialist import Desk, Resources, View
from yingzhi.clinical.citation import Citation
from yingzhi.clinical.errors import YingzhiError
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.tools.citations import cite_hit
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.extraction import extract
from yingzhi.tools.passages import opening
from yingzhi.tools.treatment_patient import drug_patient

PASSAGE = 500
"""Characters of a passage that a model is shown."""


class Arguments(BaseModel):
    """What every tool's arguments have in common: nothing that is not declared."""

    model_config = ConfigDict(extra="forbid")


class SearchEvidence(Arguments):
    """Search the literature and the knowledge base. Gives passages with the ids that may be cited."""

    query: str = Field(min_length=2, max_length=300, description="Question or key words, without anything that identifies the patient.")


class LookUpDisease(Arguments):
    """What the knowledge holds of one disease: its picture, look-alikes, danger and tests."""

    disease: str = Field(min_length=2, max_length=120, description="Id or name of the disease.")


class LookUpFinding(Arguments):
    """Which findings of the lexicon some words stand for."""

    words: str = Field(min_length=1, max_length=200, description="Words of the note.")


class LookUpTest(Arguments):
    """What the knowledge holds of one test: tier, price, risk, what it can show."""

    test: str = Field(min_length=2, max_length=80, description="Id of the test.")


class CheckDrugs(Arguments):
    """Check drugs against each other, and against this patient and what he takes."""

    drugs: list[str] = Field(min_length=1, max_length=12, description="Names of drugs.")


@dataclass(frozen=True, slots=True)
class Bench:
    """What a tool works with: the desk, the specialist's view, and the shelf that retrieved passages are put on."""

    desk: Desk
    view: View
    shelf: dict[str, Citation]


@dataclass(frozen=True, slots=True)
class ModelTool:
    """A tool as a model sees it, and the function behind it."""

    name: str
    arguments: type[Arguments]
    run: Callable[[Any, Bench], Any]
    about: Callable[[Any, Resources], Sequence[str]] = lambda _given, _resources: ()
    """The ids of the knowledge among its arguments; words of a query or a note are none."""

    def schema(self) -> dict[str, Any]:
        """The tool in OpenAI's form."""
        return _schema(self.name, self.arguments)


@lru_cache(maxsize=32)
def _schema(name: str, arguments: type[Arguments]) -> dict[str, Any]:
    parameters = arguments.model_json_schema()
    parameters.pop("title", None)
    description = parameters.pop("description", "")
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def _search(given: SearchEvidence, bench: Bench) -> Any:
    found = []
    r = bench.desk.resources
    for retriever in r.retrievers:
        for collection in retriever.collections():
            for hit in retriever.search(given.query, collection=collection, tenant=r.tenant, k=3, expand=False).hits:
                bench.shelf.setdefault(hit.source_id, cite_hit(hit))
                words = opening(hit.text, PASSAGE)
                found.append({"id": hit.source_id, "title": hit.title, "year": hit.year, "grade": hit.grade, "text": words})
    return found or "no evidence found"


def _named_disease(given: LookUpDisease, r: Resources) -> Sequence[str]:
    """The id as given, or that of the name; none if it is not known."""
    if given.disease in r.knowledge.diseases:
        return [given.disease]
    return [m.id for m in extract(given.disease, r.lexicon).diseases[:1] if m.id in r.knowledge.diseases]


def _disease(given: LookUpDisease, bench: Bench) -> Any:
    named = _named_disease(given, bench.desk.resources)
    if not named:
        return "not in the knowledge"
    disease = bench.desk.resources.knowledge.diseases[named[0]]
    return {
        "id": disease.id,
        "en": disease.names.en,
        "zh": disease.names.zh,
        "must_not_miss": disease.must_not_miss,
        "summary": disease.summary.model_dump(),
        "findings": [f.finding for f in disease.findings if f.p >= 0.5][:20],
        "look_alikes": [m.disease for m in disease.mimics],
        "tests": [t.test for t in disease.investigations],
    }


def _finding(given: LookUpFinding, bench: Bench) -> Any:
    terms = bench.desk.resources.knowledge.findings
    return [
        {"finding": m.id, "en": terms[m.id].names.en, "zh": terms[m.id].names.zh, "status": m.status}
        for m in extract(given.words, bench.desk.resources.lexicon).findings
        if m.id in terms
    ][:12] or "no finding of the lexicon"


def _test(given: LookUpTest, bench: Bench) -> Any:
    test = bench.desk.resources.knowledge.investigations.get(given.test)
    if test is None:
        return "not in the knowledge"
    return {
        "id": test.id,
        "en": test.names.en,
        "zh": test.names.zh,
        "tier": test.tier,
        "price": test.price,
        "yields": list(test.yields)[:12],
    }


def _named_test(given: LookUpTest, r: Resources) -> Sequence[str]:
    return [given.test] if given.test in r.knowledge.investigations else []


def _named_drugs(given: CheckDrugs, r: Resources) -> Sequence[str]:
    matches = (resolve_drug(name, r.formulary) for name in given.drugs)
    return list(dict.fromkeys(m.drug for m in matches if m))


def _drugs(given: CheckDrugs, bench: Bench) -> Any:
    history: History | None = bench.view.get("history")
    case: Presentation | None = bench.view.get("presentation")
    formulary = bench.desk.resources.formulary
    patient = drug_patient(history, formulary, case) if history else None
    review = review_medications([], given.drugs, patient, formulary)
    return {
        "alerts": [{"level": a.tier, "title": a.title.en, "why": a.why.en} for a in review.alerts[:10]],
        "not_checked": [f"{n.drug}: {n.needs.en}" for n in review.not_checked[:10]],
        "unknown": [u.name for u in review.unknown],
    }


SEARCH = ModelTool("search_evidence", SearchEvidence, _search)
DISEASE = ModelTool("look_up_disease", LookUpDisease, _disease, _named_disease)
FINDING = ModelTool("look_up_finding", LookUpFinding, _finding)
TEST = ModelTool("look_up_test", LookUpTest, _test, _named_test)
DRUGS = ModelTool("check_drugs", CheckDrugs, _drugs, _named_drugs)

ALLOWED: Mapping[str, tuple[ModelTool, ...]] = {
    "history": (FINDING,),
    "differential": (SEARCH, DISEASE),
    "workup": (SEARCH, TEST),
    "pharmacology": (SEARCH, DRUGS),
    "documentation": (),
    "challenge": (SEARCH, DISEASE),
}
"""Which tools a specialist's model may call; a call of any other is refused."""


def call_tool(specialist: str, name: str, arguments: object, bench: Bench, cache: dict[str, str]) -> tuple[str, bool]:
    """Run one call of a model: its result as JSON, and whether it went well. A fault is an answer, never an exception."""
    tool = next((t for t in ALLOWED[specialist] if t.name == name), None)
    if tool is None:
        return json.dumps(
            {"error": f"there is no tool of that name; there are {', '.join(t.name for t in ALLOWED[specialist]) or 'none'}"}
        ), False
    try:
        given = tool.arguments.model_validate(arguments)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors()[:3]]
        return json.dumps({"error": "; ".join(problems)}), False
    key = f"{name} {given.model_dump_json()}"
    if key not in cache:
        try:
            about = tool.about(given, bench.desk.resources)
            cache[key] = json.dumps(bench.desk.call_about(about, _named(tool), given, bench), ensure_ascii=False)
        except YingzhiError as error:
            return json.dumps({"error": type(error).__name__}), False
        except Exception as error:  # a tool that breaks must not take the consultation with it
            return json.dumps({"error": type(error).__name__}), False
    return cache[key], True


def _named(tool: ModelTool) -> Callable[[Any, Bench], Any]:
    def run(given: Any, bench: Bench) -> Any:
        return tool.run(given, bench)

    run.__name__ = tool.name
    return run

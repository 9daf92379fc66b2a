"""Drugs, laboratory results, scores, evidence, differential: each a function from typed arguments to a record in one language."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from pydantic import Field

from yingzhi.agents.differential import weigh
from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.differential import Diagnosis, Effect
from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.evidence import NO_EVIDENCE, Hit
from yingzhi.clinical.lab import LabResult
from yingzhi.clinical.medication import DrugPatient, DrugProblem, MedicationReview
from yingzhi.clinical.presentation import Patient, Presentation
from yingzhi.clinical.score import ScoreInput, Value
from yingzhi.clinical.words import Language, Record, Sex, Text
from yingzhi.service.mcp import results as r
from yingzhi.tools.citations import resolve
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.labs import parse_labs
from yingzhi.tools.scores import SCORES, compute
from yingzhi.tools.scores.catalogue import find_score
from yingzhi.tools.text import is_chinese
from yingzhi.tools.treatment_alerts import unchecked

SHOWN = 10
"""Diagnoses that are shown."""
CELLS = 6
"""Findings for and against each."""


class LabValue(Record):
    """A result as a program has it."""

    name: str = Field(min_length=1, max_length=100, description="The analyte, Chinese or English.")
    value: float | str = Field(description="A number, or words such as positive.")
    unit: str = Field(default="", max_length=30)
    low: float | None = Field(default=None, description="Lower limit of the laboratory's own interval, in the same unit.")
    high: float | None = Field(default=None, description="Upper limit, likewise.")


def language_of(lang: Language | None, *texts: str) -> Language:
    """The language asked for, else that of what was given."""
    return lang or ("zh" if any(is_chinese(t) for t in texts) else "en")


def check_drugs(drugs: Sequence[str], patient: DrugPatient | None, resources: Resources, lang: Language) -> r.DrugCheck:
    """Judge drugs against one another and against the patient."""
    formulary = resources.formulary
    review = review_medications((), list(drugs), patient, formulary)
    names = {i: formulary.display[i].say(lang) for i in formulary.display}
    return r.DrugCheck(
        checked=[d.names.say(lang) for d in review.drugs],
        problems=[_problem(p, resources, names, lang) for p in review.problems],
        minor=_minor(review, names, lang),
        unknown=[r.UnknownName(name=u.name, resembles=[s.names.say(lang) for s in u.suggestions]) for u in review.unknown],
        not_checked=[text.say(lang) for text in unchecked(review, formulary)],
        note=r.decides(lang),
    )


def _problem(problem: DrugProblem, resources: Resources, names: Mapping[str, str], lang: Language) -> r.Problem:
    sources = dict.fromkeys(s for part in problem.parts for s in part.sources)
    between = "" if lang == "zh" else " "
    return r.Problem(
        kind=problem.kind,
        severity=problem.severity,
        drugs=[names.get(d, d) for d in problem.drugs],
        title=problem.title.say(lang),
        why=between.join(part.why.say(lang) for part in problem.parts),
        act=between.join(part.act.say(lang) for part in problem.parts),
        sources=[r.cited(c) for c in resolve(sources, resources.knowledge.sources)],
    )


def _minor(review: MedicationReview, names: Mapping[str, str], lang: Language) -> list[str]:
    slight = [i for i in review.interactions if i.severity == "minor"]
    return [f"{names.get(i.drug_a, i.drug_a)} + {names.get(i.drug_b, i.drug_b)}: {i.mechanisms[0].mechanism.say(lang)}" for i in slight]


def search(query: str, k: int, collection: str, tenant: str, resources: Resources, lang: Language) -> r.EvidenceFound:
    """Search the built-in corpus and the site's own collections, in the tenant's name."""
    if not query.strip():
        raise CaseError("a question or keywords are needed", "query")
    hits: list[Hit] = []
    named = False
    for retriever in resources.retrievers:
        for one in retriever.collections():
            if collection in ("", one):
                named = True
                hits += retriever.search(query, collection=one, tenant=tenant, k=k).hits
    if collection and not named:
        raise CaseError("there is no such collection", "collection")
    best = sorted(hits, key=lambda h: -h.score)[:k]
    said = Text(en=f"{len(best)} passages.", zh=f"找到{len(best)}段。") if best else NO_EVIDENCE
    return r.EvidenceFound(found=bool(best), statement=said.say(lang), passages=[_passage(h) for h in best])


def _passage(hit: Hit) -> r.Passage:
    return r.Passage(
        id=hit.source_id, title=hit.title or hit.source_id, text=hit.text, body=hit.body or "", year=hit.year,
        jurisdiction=hit.jurisdiction or "", grade=hit.grade or "", url=hit.url or "", collection=hit.collection, superseded=hit.superseded,
    )  # fmt: skip


def interpret_labs(text: str, values: Sequence[LabValue], sex: Sex, age: float | None, resources: Resources, lang: Language) -> r.LabReport:
    """Read a slip and a list of values."""
    if not text.strip() and not values:
        raise CaseError("a slip or a list of values is needed", "text")
    found = parse_labs(text, sex, age, resources.labs)
    not_read: list[str] = []
    for one in values:
        read = parse_labs(_line(one), sex, age, resources.labs)
        found += read
        not_read += [] if read else [one.name]
    shown = {(lab.analyte, lab.canonical, lab.span.text if lab.span else ""): lab for lab in found}.values()
    readings = [_reading(lab, resources, lang) for lab in shown]
    nothing = Text(en="No laboratory result was recognised.", zh="未识别到检验结果。")
    read_so = Text(en="Read by rules; what was not read says nothing.", zh="按规则读取；未读取的不代表正常。")
    return r.LabReport(
        results=readings,
        critical=[x.name for x in readings if x.flag in ("critical-low", "critical-high")],
        not_read=not_read,
        note=(read_so if readings else nothing).say(lang),
    )


def _line(one: LabValue) -> str:
    interval = f" ({one.low:g}-{one.high:g})" if one.low is not None and one.high is not None else ""
    value = f"{one.value:g}" if isinstance(one.value, float) else str(one.value)
    return f"{one.name} {value} {one.unit}".rstrip() + interval


def _reading(lab: LabResult, resources: Resources, lang: Language) -> r.LabReading:
    terms = resources.knowledge.findings
    low, high = (("" if side is None else f"{side:g}") for side in (lab.low, lab.high))
    return r.LabReading(
        analyte=lab.analyte,
        name=lab.zh if lang == "zh" else lab.en,
        written=lab.span.text if lab.span else "",
        value=lab.value,
        unit=lab.unit,
        canonical=lab.canonical,
        canonical_unit=lab.canonical_unit,
        reference=f"{low}-{high}" if low or high else "",
        reference_origin=lab.reference_origin,
        flag=lab.flag,
        means=[terms[f].names.zh if lang == "zh" else terms[f].names.en for f in lab.findings if f in terms],
        problem=lab.problem.say(lang) if lab.problem else "",
        computed_from=lab.derived_from,
    )


def list_scores(score: str, lang: Language) -> r.ScoreList:
    """The scores; of one that is named also what it needs."""
    wanted = [find_score(score)] if score else list(SCORES.values())
    return r.ScoreList(
        scores=[
            r.ScoreListed(
                id=s.id,
                short=s.short,
                name=s.names.say(lang),
                measures=s.measures.say(lang),
                inputs=[_asked(i, lang) for i in s.inputs] if score else [],
                note=s.note.say(lang) if score else "",
            )
            for s in wanted
        ]
    )


def _asked(one: ScoreInput, lang: Language) -> str:
    if one.kind == "flag":
        takes = "true | false"
    elif one.kind == "choice":
        takes = " | ".join(f"{c.value} = {c.zh if lang == 'zh' else c.en}" for c in one.choices)
    else:
        takes = f"{one.minimum:g}–{one.maximum:g}{f' {one.unit}' if one.unit else ''}"
    return f"{one.id}: {one.label.say(lang)} [{takes}]"


def compute_score(score: str, values: Mapping[str, Value], rest_zero: bool, lang: Language) -> r.ScoreComputed:
    """Compute a score from its items."""
    done = compute(score, values, rest_zero=rest_zero)
    return r.ScoreComputed(
        score=done.score,
        name=done.names.say(lang),
        total=done.total,
        minimum=done.minimum,
        maximum=done.maximum,
        unit=done.unit,
        subscores={s.label.say(lang): s.value for s in done.subscores},
        band=f"{done.band.text.say(lang)} ({done.band.range})" if done.band else "",
        other_bands=[f"{b.scale.say(lang)}: {b.text.say(lang)} ({b.range})" for b in done.other_bands],
        assumed_zero=done.assumed_zero,
        note=done.note.say(lang),
        source=r.cited(done.source),
    )


def rank(note: str, sex: Sex, age: float | None, resources: Resources, lang: Language) -> r.DifferentialRanked:
    """Rank diagnoses for a note by the playbooks; nothing is stored, and neither a language model nor an index is asked."""
    if not note.strip():
        raise CaseError("a note is needed", "note")
    case = Presentation(text=note, patient=Patient(sex=sex, age=age))
    desk = Desk(dataclasses.replace(resources, retrievers=()))
    history = read_record({"presentation": case}, desk)
    ranked = weigh({"presentation": case, "history": history}, desk)
    flags = [
        r.Flag(level=a.level, title=a.title.say(lang), why=a.why.say(lang), act=a.act.say(lang) if a.act else "") for a in history.red_flags
    ]
    return r.DifferentialRanked(
        diagnoses=[
            _ranked(d, ranked.must_not_miss, lang) for n, d in enumerate(ranked.diagnoses) if n < SHOWN or d.id in ranked.must_not_miss
        ],
        other=ranked.other,
        confidence=ranked.confidence,
        alerts=flags,
        ask_next=[q.ask.say(lang) for q in history.questions[:5]],
        note=r.decides(lang),
    )


def _ranked(one: Diagnosis, must_not_miss: Sequence[str], lang: Language) -> r.Ranked:
    def told(effect: Effect) -> list[str]:
        return [cell.named().say(lang) for cell in one.cells if cell.effect == effect][:CELLS]

    return r.Ranked(
        id=one.id,
        name=one.zh if lang == "zh" else one.en,
        icd10=one.icd10,
        probability=one.probability,
        must_not_miss=one.id in must_not_miss,
        supports=told("supports"),
        opposes=told("opposes"),
    )

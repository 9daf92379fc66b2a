"""A call becomes cards. Pure: the same call, knowledge and day give the same cards, their ids too."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.citation import Citation
from yingzhi.clinical.errors import CaseError, YingzhiError
from yingzhi.clinical.history import History
from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.words import Language, Text
from yingzhi.service.cds import monitoring, safety
from yingzhi.service.cds.chart import Chart, read_chart
from yingzhi.service.cds.notes import Note, bullets, failed, red_flag
from yingzhi.service.cds.reasons import override_reasons, topic
from yingzhi.service.cds.services import Offer, offer_of
from yingzhi.service.cds.wire import INDICATORS, SUMMARY, Action, Card, CdsRequest, Link, Source, Suggestion, characters
from yingzhi.service.markdown.escape import escape
from yingzhi.tools.citations import resolve
from yingzhi.tools.drug_note import read_note
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.pack_fit import person
from yingzhi.tools.treatment_patient import drug_patient

NAME = Text(en="yingzhi (rules; the doctor decides)", zh="櫻智（规则提示，由医师决定）")
FLAGS = Text(en="red flags of the record", zh="病历危险信号")
RECORD = Text(en="the record (diagnoses, results, red flags)", zh="病历（诊断、检验、危险信号）")
DRUGS = Text(en="drug safety", zh="用药安全")
MONITORING = Text(en="monitoring", zh="用药监测")


@dataclass(frozen=True, slots=True)
class Issued:
    """A card, and what feedback on it is counted by."""

    card: Card
    about: str


def cards_for(service: str, request: CdsRequest, resources: Resources, lang: Language) -> list[Card]:
    """The cards of a call, the most urgent first.

    Args:
        service: Id of the service.
        request: The call.
        resources: Knowledge; its clock says what day it is.
        lang: Language of the cards.

    Raises:
        CaseError: There is no such service, the hook is not its own, a draft is needed, or a resource is not as FHIR has it; the
            message names the path.
    """
    return [one.card for one in issue(service, request, resources, lang)]


def issue(service: str, request: CdsRequest, resources: Resources, lang: Language) -> list[Issued]:
    """The same, each with the rule it comes from.

    Raises:
        CaseError: As `cards_for`.
    """
    offer = offer_of(service)
    if offer is None:
        raise CaseError("there is no such service", "service")
    if request.hook != offer.hook:
        raise CaseError(f"{offer.hook} is expected", "hook")
    if offer.hook != "patient-view" and request.context.draft_orders is None:
        raise CaseError("a Bundle of draft orders is needed", "context.draftOrders")
    chart = read_chart(offer, request, resources.formulary, resources.clock().date())
    notes = sorted(_notes(offer, chart, resources), key=lambda n: INDICATORS.index(n.indicator))
    return [Issued(_card(n, number, request, resources, lang), n.about) for number, n in enumerate(notes)]


def _notes(offer: Offer, chart: Chart, resources: Resources) -> list[Note]:
    """Every part by itself: one that fails says so, and the others stand."""
    opened = offer.hook == "patient-view"
    if not opened and not chart.focus and not chart.nameless:
        return []  # no drug is ordered
    notes: list[Note] = []
    history: History | None = None
    try:
        history = read_record({"presentation": chart.case}, Desk(resources))
    except Exception as error:  # whatever it was, the drugs can be judged by their names
        notes.append(failed("record", RECORD, _kind(error)))
    patient = _patient(history, chart, resources.formulary)
    parts: list[tuple[str, Text, Callable[[], list[Note]]]] = [
        ("drugs", DRUGS, lambda: _drugs(opened, chart, patient, resources)),
        ("monitoring", MONITORING, lambda: _monitoring(offer, chart, patient, resources)),
    ]
    if opened and history is not None:
        flags = [a for a in history.red_flags if a.kind == "red-flag"]
        parts.insert(0, ("red-flags", FLAGS, lambda: [red_flag(a) for a in flags]))
    for part, what, make in parts:
        try:
            notes += make()
        except Exception as error:  # a check that failed is a card, never an empty list
            notes.append(failed(part, what, _kind(error)))
    return [*notes, *_gaps(chart)]


def _kind(error: Exception) -> str:
    """What is safe to say of a fault: our own messages name fields, others may quote the record."""
    return str(error) if isinstance(error, YingzhiError) else type(error).__name__


def _patient(history: History | None, chart: Chart, formulary: Formulary) -> DrugPatient:
    """The patient as drug rules see them; of a record that could not be read, its fields alone."""
    work = [c for words in chart.social.work for c in read_note(words, None, formulary).present]
    work += ["alcohol-use"] if chart.social.drinks_heavily else []
    if history is None:
        return DrugPatient(**chart.case.patient.model_dump(), occupation=work)
    patient = drug_patient(history, formulary, chart.case)
    expecting = any(f.id == "pregnancy" and f.status == "present" and f.experiencer == "patient" for f in history.findings)
    known = patient.pregnant is None and patient.sex != "male" and expecting
    return patient.model_copy(update={"medications": [], "occupation": work, "pregnant": True if known else patient.pregnant})


def _drugs(opened: bool, chart: Chart, patient: DrugPatient, resources: Resources) -> list[Note]:
    focus = chart.current if opened else chart.focus
    return safety.check(chart.current, () if opened else chart.drafts, focus, patient, resources.formulary) if focus else []


def _monitoring(offer: Offer, chart: Chart, patient: DrugPatient, resources: Resources) -> list[Note]:
    r = resources
    if not chart.results_known:
        return []  # the gap is told once, with the others
    tests = monitoring.tests_of(chart.results, chart.results_whole, patient, r.knowledge, r.labs, r.formulary)
    taking = patient.model_copy(update={"medications": [o.medication for o in chart.current]})
    shelf = monitoring.Shelf(r.knowledge.packs, person(taking, r.formulary), r.formulary)
    if offer.hook != "patient-view":
        return monitoring.before_start(chart.focus, chart.current, tests, "warning" if offer.hook == "order-sign" else "info", shelf)
    notes, gaps = monitoring.overdue(chart.current, tests, shelf)
    head = Text(en=f"Not checked: {'; '.join(g.en for g in gaps)}", zh=f"未核查：{'；'.join(g.zh for g in gaps)}")
    return [*notes, *([Note("not-checked:monitoring", "not-checked", "info", head, bullets(gaps))] if gaps else [])]


def _gaps(chart: Chart) -> list[Note]:
    """What the client did not supply, in one card: without it the other cards promise less than they seem to."""
    if not chart.gaps:
        return []
    en, zh = "; ".join(g.en for g in chart.gaps), "；".join(g.zh for g in chart.gaps)
    head = Text(en=f"Checked without: {en}", zh=f"核查时缺少：{zh}")
    return [Note("not-supplied", "not-checked", "warning", head, bullets(chart.gaps))]


def fit(text: str, limit: int = SUMMARY) -> str:
    """Text in one line, cut to so many characters (counted as JavaScript counts them); what is cut ends in `…`."""
    line = " ".join(text.split())
    if characters(line) <= limit:
        return line
    while characters(line) > limit - 1:
        line = line[:-1]
    return line.rstrip(" ,;:、；，：") + "…"


def _card(note: Note, number: int, request: CdsRequest, resources: Resources, lang: Language) -> Card:
    own = uuid.uuid5(request.hook_instance, f"{request.hook}/{note.about}/{number}")
    cited = resolve(note.sources, resources.knowledge.sources)
    suggestions = tuple(_removal(own, reference, name, lang) for reference, name in note.remove)
    links = tuple(Link(label=fit(_label(c), 200), url=url) for c in cited if (url := _url(c)))
    return Card(
        uuid=own,
        summary=fit(note.head.say(lang)),
        indicator=note.indicator,
        source=_source(note, cited, lang),
        detail="\n\n".join(part for part in (f"**{escape(note.head.say(lang))}**", note.body.say(lang), _cited(cited, lang)) if part),
        suggestions=suggestions or None,
        selection_behavior="at-most-one" if suggestions else None,
        override_reasons=override_reasons(lang),
        links=links or None,
    )


def _removal(card: uuid.UUID, reference: str, name: Text, lang: Language) -> Suggestion:
    words = Text(en=f"Remove the draft order: {name.en}", zh=f"删除拟开医嘱：{name.zh}").say(lang)
    return Suggestion(label=words, uuid=uuid.uuid5(card, reference), actions=(Action(description=words, resource_id=reference),))


def _source(note: Note, cited: Sequence[Citation], lang: Language) -> Source:
    if not cited:
        return Source(label=NAME.say(lang), topic=topic(note.topic, lang))
    return Source(label=fit(_label(cited[0]), 200), url=_url(cited[0]), topic=topic(note.topic, lang))


def _label(citation: Citation) -> str:
    return f"{citation.title} ({citation.body}, {citation.year})" if citation.year else f"{citation.title} ({citation.body})"


def _url(citation: Citation) -> str | None:
    if citation.url.startswith("https://"):
        return citation.url
    return f"https://doi.org/{citation.doi}" if citation.doi else None


def _cited(cited: Sequence[Citation], lang: Language) -> str:
    lines = [f"- {escape(_label(c))}" for c in cited]
    heading = {"en": "**Sources**", "zh": "**来源**"}[lang]
    return "\n".join([heading, "", *lines]) if lines else ""

"""`yingzhi drugs pack`: all that goes with a drug, for one patient, with dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from yingzhi.clinical.medication import DrugPatient
    from yingzhi.clinical.pack import DueLine, PackLine, PatientPack
    from yingzhi.clinical.words import Language, Text
    from yingzhi.knowledge.models import Source
    from yingzhi.tools.formulary import Formulary
    from yingzhi.tools.pack_labs import Reading

app = typer.Typer(help="What goes with a systemic drug: before, during, when to stop, what to tell.", no_args_is_help=True)

WORDS = {
    "zh": {
        "screen": "用药前", "calendar": "随访日历", "on_demand": "有指征时", "stop": "停药与减量标准", "conception": "避孕与生育",
        "vaccines": "疫苗", "counsel": "告知患者", "not_known": "未知事实（会改变以上内容）", "sources": "来源",
        "must": "必查", "consider": "酌情", "done": "已有", "open": "若", "week": "第{:g}周", "past": "已过", "next": "下次", "later": "",
        "from": "自", "until": "至", "latest": "最迟", "earliest": "最早", "unverified": "（数字待核）", "met": "现已达到：",
        "foot": "据来源整理，由医师决定；不构成处方。", "start": "首次用药", "sooner": "较密：",
    },
    "en": {
        "screen": "Before the first dose", "calendar": "Calendar", "on_demand": "When there is a reason", "stop": "Stop and lower",
        "conception": "Conception", "vaccines": "Vaccines", "counsel": "Tell the patient",
        "not_known": "Not known (would change the above)", "sources": "Sources",
        "must": "must", "consider": "consider", "done": "done", "open": "if",
        "week": "week {:g}", "past": "past", "next": "next", "later": "",
        "from": "from", "until": "until", "latest": "at the latest", "earliest": "not before", "unverified": " (figure to be verified)",
        "met": "met now: ", "start": "first dose", "sooner": "sooner: ",
        "foot": "Drawn from the sources; the doctor decides. Not a prescription.",
    },
}  # fmt: skip


@app.command()
def pack(
    name: Annotated[str, typer.Argument(help="The drug: generic, brand, Chinese or English.", show_default=False)],
    patient: Annotated[Path | None, typer.Option(help="JSON file with patient facts (DrugPatient).")] = None,
    start: Annotated[str, typer.Option(help="Day of the first dose, YYYY-MM-DD; without it the calendar counts in weeks.")] = "",
    end: Annotated[str, typer.Option(help="Day of the last dose, YYYY-MM-DD.")] = "",
    lang: Annotated[str, typer.Option(help="zh or en; from the name when not given.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The pack as JSON.")] = False,
) -> None:
    """The pack of a drug: screening, calendar, stop rules, conception, vaccines, counselling, each with its source."""
    from yingzhi.knowledge.pack_load import read_packs, read_sources
    from yingzhi.tools.formulary import load_formulary
    from yingzhi.tools.packs import Record, When, pack_of, patient_pack

    if lang not in ("", "zh", "en"):
        _refuse("--lang: zh or en is expected")
    language: Language = "en" if lang == "en" or (not lang and name.isascii()) else "zh"
    first, last = _day("--start", start), _day("--end", end)
    if first and last and last < first:
        _refuse("--end: the last dose lies before the first")
    facts = _patient(patient)
    formulary = load_formulary()
    drug = _drug(name, formulary, language)
    found = pack_of(drug, {p.id: p for p in read_packs()})
    if found is None:
        shown = formulary.display[drug].say(language)
        _refuse(f"{shown}: 没有该药的随访包" if language == "zh" else f"{shown}: there is no pack for this drug")
    record = Record(labs=_readings(facts, formulary))
    fitted = patient_pack(found, drug, facts, formulary, When(first, last, datetime.now(UTC).date()), record)
    if as_json:
        typer.echo(fitted.model_dump_json(indent=2))
    else:
        typer.echo("\n".join(lines_of(fitted, language, read_sources())))


def lines_of(p: PatientPack, language: Language, sources: Mapping[str, Source]) -> Iterator[str]:
    """The pack as lines for a reader at a terminal."""
    w = WORDS[language]
    numbers = {source: n for n, source in enumerate(p.cited(), 1)}

    def say(line: PackLine, lead: str = "", tail: str = "") -> str:
        return f"  · {lead}{line.text.say(language)}{tail}{w['unverified'] if line.unverified else ''} [{numbers[line.source]}]"

    yield f"{p.zh if language == 'zh' else p.en}" + (f"  {w['start']} {p.start}" if p.start else "")
    if p.note:
        yield f"  {p.note.say(language)}"
    yield from _part(w["screen"], (say(s, _mark(s.state, s.need, s.depends_on, language)) for s in p.screen))
    yield from _calendar(p, language, numbers)
    yield from _part(w["on_demand"], (say(line) for line in p.on_demand))
    yield from _part(w["stop"], (say(s, "!! " if s.met_by else "", _met(s.met_by, language)) for s in p.stop))
    yield from _part(w["conception"], (say(c, tail=_span(w, c.begin, c.until)) for c in p.conception))
    yield from _part(w["vaccines"], (say(v, tail=_limits(w, v.latest, v.earliest)) for v in p.vaccines))
    yield from _part(w["counsel"], (say(c) for c in p.counsel))
    yield from _part(w["not_known"], (f"  · {t.say(language)}" for t in p.not_known))
    yield from _part(w["sources"], (f"  [{n}] {_cited(sources.get(i), i)}" for i, n in numbers.items()))
    yield w["foot"]


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"\n{title}"
        yield from found


def _calendar(p: PatientPack, language: Language, numbers: Mapping[str, int]) -> Iterator[str]:
    w = WORDS[language]
    if p.calendar:
        yield f"\n{w['calendar']}"
    told: set[str] = set()
    for visit in p.calendar:
        day = str(visit.day) if visit.day else w["week"].format(visit.weeks)
        mark = f" {w[visit.state]}" if w[visit.state] else ""
        due = ("；" if language == "zh" else "; ").join(_due(line, language, numbers, told) for line in visit.due)
        yield f"  {day}{mark}  {due}"


def _due(line: DueLine, language: Language, numbers: Mapping[str, int], told: set[str]) -> str:
    """One thing due; why it is due sooner, and that its figure is unsure, is said the first time only."""
    w = WORDS[language]
    words = line.text.say(language)
    if words in told:
        return words
    told.add(words)
    why = line.because.say(language) if line.because else ""
    why = (f"（{w['sooner']}{why}）" if language == "zh" else f" ({w['sooner']}{why})") if why else ""
    return f"{words}{why}{w['unverified'] if line.unverified else ''} [{numbers[line.source]}]"


def _mark(state: str, need: str, depends_on: Text | None, language: Language) -> str:
    w = WORDS[language]
    if state == "open" and depends_on is not None:
        fact = depends_on.say(language)
        return f"[{w['open']} {fact}] "
    return f"[{w['done'] if state == 'done' else w[need]}] "


def _met(words: Text | None, language: Language) -> str:
    if words is None:
        return ""
    return f" — {WORDS[language]['met']}{words.say(language)}"


def _span(w: Mapping[str, str], begin: date | None, until: date | None) -> str:
    parts = [f"{w['from']} {begin}" if begin else "", f"{w['until']} {until}" if until else ""]
    return f" — {' '.join(p for p in parts if p)}" if any(parts) else ""


def _limits(w: Mapping[str, str], latest: date | None, earliest: date | None) -> str:
    parts = [f"{w['latest']} {latest}" if latest else "", f"{w['earliest']} {earliest}" if earliest else ""]
    return f" — {' '.join(p for p in parts if p)}" if any(parts) else ""


def _cited(source: Source | None, fallback: str) -> str:
    if source is None:
        return fallback
    where = source.doi or source.pmid or source.url
    return ". ".join(str(p) for p in (source.body, source.title, source.year, source.jurisdiction) if p) + (f" {where}" if where else "")


def _drug(name: str, formulary: Formulary, language: Language) -> str:
    from yingzhi.tools.drug_names import resolve_drug, suggest_drugs

    match = resolve_drug(name, formulary)
    if match is not None:
        return match.drug
    near = " / ".join(s.names.say(language) for s in suggest_drugs(name, formulary))
    if language == "zh":
        _refuse(f"{name}：药名无法识别" + (f"，是否指 {near}？" if near else ""))
    _refuse(f"{name}: no drug is known by this name" + (f"; did you mean {near}?" if near else ""))


def _day(option: str, value: str) -> date | None:
    from yingzhi.tools.pack_calendar import EARLIEST, LATEST

    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        _refuse(f"{option}: a day as YYYY-MM-DD is expected")
    if not EARLIEST <= day <= LATEST:
        _refuse(f"{option}: a day between {EARLIEST.year} and {LATEST.year} is expected")
    return day


def _readings(patient: DrugPatient, formulary: Formulary) -> dict[str, Reading]:
    """The patient's results; the laboratory files are only read where there are any."""
    if not patient.labs and patient.egfr is None:
        return {}
    from yingzhi.knowledge.lab_models import LabAnalyte
    from yingzhi.knowledge.load import HERE, read_yaml
    from yingzhi.tools.pack_labs import from_patient

    rows = [row for path in sorted((HERE / "labs").glob("*.yaml")) for row in _rows(read_yaml(path))]
    return from_patient(patient, formulary, {a.id: a for a in map(LabAnalyte.model_validate, rows)})


def _rows(content: object) -> list[object]:
    return content if isinstance(content, list) else []


def _patient(path: Path | None) -> DrugPatient:
    from pydantic import ValidationError

    from yingzhi.clinical.medication import DrugPatient

    if path is None:
        return DrugPatient()
    try:
        return DrugPatient.model_validate_json(path.read_bytes())
    except OSError:
        _refuse(f"--patient: {path.name} cannot be read")
    except ValidationError as error:
        first = error.errors()[0]
        _refuse(f"--patient: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}")


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)

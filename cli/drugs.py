"""`yingzhi drugs`: drug safety alone."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from yingzhi.clinical.alert_board import Acknowledgement, AlertBoard
    from yingzhi.clinical.medication import DrugPatient, MedicationReview
    from yingzhi.clinical.words import Language
    from yingzhi.tools.contraindications import Regimen
    from yingzhi.tools.formulary import Formulary

app = typer.Typer(help="Check drugs: interactions, doses, and what speaks against them in a patient.", no_args_is_help=True)
overlay_app = typer.Typer(help="A site's own interaction table, laid over the built-in rules.", no_args_is_help=True)
app.add_typer(overlay_app, name="overlay")

HOME = Annotated[Path | None, typer.Option(envvar="YINGZHI_HOME", help="Where all local state lives.")]
LANG = Annotated[str, typer.Option(help="zh or en; from the names when not given.")]
AS_JSON = Annotated[bool, typer.Option("--json", help="As JSON.")]
Role = Literal["prescriber", "pharmacist", "nurse"]


@app.command()
def check(
    names: Annotated[
        list[str],
        typer.Argument(help="Drugs: generic, brand, Chinese, pinyin or English; a dose may follow.", show_default=False),
    ],
    patient: Annotated[Path | None, typer.Option(help="JSON file with patient facts (DrugPatient).")] = None,
    lang: LANG = "",
    role: Annotated[Role, typer.Option(help="Who reads: it decides what interrupts.")] = "prescriber",
    acknowledged: Annotated[Path | None, typer.Option(help="JSON lines of acknowledgements made before.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole review and its board as JSON.")] = False,
    home: HOME = None,
) -> None:
    """Review a list of drugs, in a patient if a file is given: `yingzhi drugs check "methotrexate 15 mg weekly" 复方新诺明`."""
    from yingzhi.clinical.presentation import Medication
    from yingzhi.tools.alert_board import board
    from yingzhi.tools.contraindications import read_regimen, review_regimen

    language = _language(lang, names)
    formulary = open_formulary(home)
    facts = _read_patient(patient)
    regimen = read_regimen((), [Medication(name=_name(n)) for n in names if n.strip()], facts, formulary)
    review = review_regimen(regimen, formulary)
    shown = board(review, role, _read_acknowledged(acknowledged))
    if as_json:
        typer.echo(json.dumps({**review.model_dump(mode="json"), "board": shown.model_dump(mode="json")}, ensure_ascii=False, indent=2))
    else:
        sys.stdout.write(_rendered(review, shown, regimen, language, formulary))


@app.command()
def pairs(
    source: Annotated[Path, typer.Argument(help="JSON lines with drug_a and drug_b.", show_default=False)],
    out: Annotated[Path, typer.Option(help="JSON lines, one a pair, in the same order.", show_default=False)],
    lang: Annotated[str, typer.Option(help="Language of the texts: zh or en.")] = "en",
    home: HOME = None,
) -> None:
    """Judge many pairs."""
    from yingzhi.tools.interactions import check_pairs

    language = _language(lang or "en", [])
    rows = _read_pairs(source)
    formulary = open_formulary(home)
    lines = []
    for (a, b), found in zip(rows, check_pairs(rows, formulary), strict=True):
        lines.append(
            json.dumps(
                {
                    "drug_a": a,
                    "drug_b": b,
                    "known": found.known,
                    "severity": found.severity,
                    "mechanism": " ".join(m.mechanism.say(language) for m in found.mechanisms),
                    "management": found.mechanisms[0].management.say(language) if found.mechanisms else "",
                    "sources": sorted({s for m in found.mechanisms for s in m.sources}),
                },
                ensure_ascii=False,
            )
        )
    _write_whole(out, "".join(line + "\n" for line in lines))


@app.command()
def name(
    written: Annotated[list[str], typer.Argument(help="Names as written.", show_default=False)],
    lang: LANG = "",
    as_json: AS_JSON = False,
    home: HOME = None,
) -> None:
    """Say which drug a name stands for, and how it was recognised; what is only alike is asked back."""
    from yingzhi.tools.drug_names import resolve_drug, unknown_drug

    language = _language(lang, written)
    formulary = open_formulary(home)
    found = [(resolve_drug(w, formulary), w) for w in written]
    if as_json:
        rows = [m.model_dump(mode="json") if m else unknown_drug(w, formulary).model_dump(mode="json") for m, w in found]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for match, word in found:
        if match is not None:
            typer.echo(f"{word} = {match.names.say(language)} [{match.drug}] ({match.how})")
            continue
        one = unknown_drug(word, formulary)
        hint = " / ".join(s.names.say(language) for s in one.suggestions)
        means = f": {one.means.say(language)}" if one.means else ""
        typer.echo(f"{word} ? {one.reason}{means}{f': {hint}' if hint else ''}")


@app.command()
def timeline(
    source: Annotated[Path, typer.Argument(help="JSON file (EruptionCase): eruption, onset, drugs.", show_default=False)],
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    as_json: AS_JSON = False,
    home: HOME = None,
) -> None:
    """Place drugs against the onset of an eruption: latency, ALDEN or Naranjo, order of suspicion, what never to give again."""
    from pydantic import ValidationError

    from yingzhi.clinical.errors import CaseError
    from yingzhi.clinical.eruption import EruptionCase
    from yingzhi.tools.eruption_timeline import eruption_timeline

    language = _language(lang, [])
    try:
        case = EruptionCase.model_validate(json.loads(source.read_text(encoding="utf-8"), object_pairs_hook=_unique))
        found = eruption_timeline(case, open_formulary(home))
    except (OSError, UnicodeDecodeError):
        _refuse(f"{source.name}: cannot be read as UTF-8 text")
    except ValidationError as error:
        first = error.errors()[0]
        _refuse(f"{source.name}: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}")
    except (CaseError, ValueError) as error:
        _refuse(f"{source.name}: {error}")
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    from yingzhi.cli.drug_timeline import render_timeline

    sys.stdout.write(render_timeline(found, case, language))


@overlay_app.command("import")
def overlay_import(
    table: Annotated[Path, typer.Argument(help="CSV table with a head.", show_default=False)],
    mapping: Annotated[Path, typer.Option(help="YAML file that says which column holds what.", show_default=False)],
    as_json: AS_JSON = False,
    home: HOME = None,
) -> None:
    """Take a table over. It may raise a severity, never lower one; a name that is not certain is left out and listed."""
    from yingzhi.clinical.errors import CaseError, SettingsError
    from yingzhi.tools.overlays import read_mapping, read_table, save_overlay

    try:
        rules = read_mapping(mapping)
        overlay, report = read_table(table, rules, open_formulary(home, overlays=False))
        save_overlay(overlay, home_of(home))
    except (CaseError, SettingsError) as error:
        _refuse(str(error))
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return
    typer.echo(f"{report.title}: {report.rows} rows, {report.pairs} pairs taken over")
    typer.echo(f"  raised {report.worse}, same {report.agree}, milder in the table (built-in grade stands) {report.milder}")
    typer.echo(
        f"  left out: {report.unread_rows} rows for a name that is not certain, {report.ignored} for their level, "
        f"{report.same_drug} of one drug with itself; {report.repeated} rows said a pair again"
    )
    for one in report.unread[:10]:
        hint = f" (like {', '.join(one.suggestions)}?)" if one.suggestions else ""
        typer.echo(f"  ? {one.name}: {one.rows} rows, {one.reason}{hint}")
    if len(report.unread) > 10:
        typer.echo(f"  … and {len(report.unread) - 10} more names; --json lists fifty")


@overlay_app.command("list")
def overlay_list(home: HOME = None) -> None:
    """Which tables are in force."""
    formulary = open_formulary(home)
    for one in formulary.overlays:
        typer.echo(f"{one.name}  {one.source}  {len(one.pairs)} pairs  {one.digest}")
    if not formulary.overlays:
        typer.echo("none")


@overlay_app.command("diff")
def overlay_diff(
    name: Annotated[str, typer.Argument(help="Id of the table.", show_default=False)],
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 20,
    as_json: AS_JSON = False,
    home: HOME = None,
) -> None:
    """Pairs on which a table and the built-in rules differ, side by side with both sources."""
    from yingzhi.tools.overlays import disagreements

    formulary = open_formulary(home)
    overlay = next((o for o in formulary.overlays if o.name == name), None)
    if overlay is None:
        _refuse(f"NAME: there is no overlay {name!r}; there is {', '.join(o.name for o in formulary.overlays) or 'none'}")
    found = disagreements(overlay, formulary)
    if as_json:
        typer.echo(json.dumps([d.model_dump(mode="json") for d in found[:limit]], ensure_ascii=False, indent=2))
        return
    for d in found[:limit]:
        a, b = formulary.display[d.drug_a].en, formulary.display[d.drug_b].en
        typer.echo(f"{a} + {b}: built in {d.built_in} ({', '.join(d.built_in_sources) or 'no rule'}) | table {d.table} | holds {d.holds}")
    typer.echo(f"{len(found)} differ; table: {overlay.source}")


@overlay_app.command("remove")
def overlay_remove(name: Annotated[str, typer.Argument(help="Id of the table.", show_default=False)], home: HOME = None) -> None:
    """Take a table away."""
    from yingzhi.tools.overlays import remove_overlay

    if not remove_overlay(name, home_of(home)):
        _refuse(f"NAME: there is no overlay {name!r}")
    typer.echo(f"{name} removed")


def home_of(home: Path | None) -> Path:
    """The home folder: as given, else the user's data folder."""
    if home is not None:
        return home
    from platformdirs import user_data_path

    return user_data_path("yingzhi")


def open_formulary(home: Path | None, *, overlays: bool = True) -> Formulary:
    """The formulary from its compiled file, with the site's own tables."""
    from yingzhi.clinical.errors import YingzhiError
    from yingzhi.tools.formulary import load_formulary
    from yingzhi.tools.overlays import with_overlays

    folder = home_of(home)
    try:
        formulary = load_formulary(folder / "cache")
        return with_overlays(formulary, folder) if overlays else formulary
    except YingzhiError as error:
        _refuse(str(error))


def _rendered(review: MedicationReview, shown: AlertBoard, regimen: Regimen, language: Language, formulary: Formulary) -> str:
    from yingzhi.cli.drug_render import render_review
    from yingzhi.tools.alternatives import problem_alternatives

    names = {d: formulary.display[d].say(language) for d in formulary.drugs}
    instead: dict[str, dict[str, list[str]]] = {}
    for problem in review.problems:
        for one in problem_alternatives(problem, regimen, formulary):
            instead.setdefault(problem.id, {}).setdefault(one.instead_of, []).append(one.names.say(language))
    return render_review(
        review, shown, language, sources=formulary.sources, names=names, instead=instead, width=None if sys.stdout.isatty() else 100
    )


def _language(lang: str, names: list[str]) -> Language:
    if lang not in ("", "zh", "en"):
        _refuse("--lang: zh or en is expected")
    return "en" if lang == "en" or (not lang and all(n.isascii() for n in names)) else "zh"


def _name(written: str) -> str:
    if len(written) > 200:
        _refuse("NAMES: a name of at most 200 characters is expected")
    return written


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys stand there once: of two weights none is the patient's."""
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise ValueError(f"{key} is given twice")
        out[key] = value
    return out


def _read_patient(path: Path | None) -> DrugPatient | None:
    if path is None:
        return None
    from pydantic import ValidationError

    from yingzhi.clinical.medication import DrugPatient

    try:
        raw = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique)
        return DrugPatient.model_validate(raw)
    except (OSError, UnicodeDecodeError):
        _refuse(f"--patient: {path.name} cannot be read")
    except ValidationError as error:
        first = error.errors()[0]
        _refuse(f"--patient: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}")
    except json.JSONDecodeError as error:
        _refuse(f"--patient: line {error.lineno}: not JSON")
    except ValueError as error:
        _refuse(f"--patient: {error}")


def _read_acknowledged(path: Path | None) -> list[Acknowledgement]:
    if path is None:
        return []
    from pydantic import ValidationError

    from yingzhi.clinical.alert_board import Acknowledgement

    out = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        _refuse(f"--acknowledged: {path.name} cannot be read")
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                out.append(Acknowledgement.model_validate_json(line))
            except ValidationError as error:
                first = error.errors()[0]
                _refuse(f"--acknowledged: line {number}: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}")
    return out


def _read_pairs(path: Path) -> list[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        _refuse(f"{path.name}: cannot be read as UTF-8 text")
    out = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            _refuse(f"line {number}: not JSON")
        if not isinstance(row, dict):
            _refuse(f"line {number}: an object is expected")
        for field in ("drug_a", "drug_b"):
            if not isinstance(row.get(field), str) or not row[field].strip():
                _refuse(f"line {number}: {field}: a name is expected")
        out.append((row["drug_a"], row["drug_b"]))
    return out


def _write_whole(path: Path, text: str) -> None:
    """Write beside the target and rename: a reader sees the whole file or none."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        _refuse(f"--out: {path.name} cannot be written")


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)

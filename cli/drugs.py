"""`yingzhi drugs`: drug safety alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from yingzhi.clinical.medication import MedicationReview
    from yingzhi.clinical.words import Language

app = typer.Typer(help="Check drugs: interactions, and what speaks against them in a patient.", no_args_is_help=True)

STYLE = {
    "contraindicated": "bold white on red",
    "major": "bold red",
    "moderate": "yellow",
    "minor": "dim",
    "unknown": "magenta",
}
WORDS = {
    "zh": {
        "contraindicated": "禁忌", "major": "严重", "moderate": "中等", "minor": "轻微", "unknown": "未知",
        "alerts": "警示", "none": "已识别的药物之间未发现需要处理的问题。", "minor_list": "轻微相互作用（仅告知）",
        "not_checked": "未能检查（不等于没有问题）", "unknown_drugs": "未识别的药名，完全未检查",
        "similar": "是否指", "if_so": "（若成立：{}）", "why": "机制：", "act": "处理：", "sources": "来源：",
        "drugs": "药物", "foot": "规则辅助判断，由医师决定；不构成处方。",
    },
    "en": {
        "contraindicated": "CONTRAINDICATED", "major": "MAJOR", "moderate": "MODERATE", "minor": "MINOR", "unknown": "UNKNOWN",
        "alerts": "Alerts", "none": "Nothing to act on was found among the drugs that were recognised.",
        "minor_list": "Minor interactions (for information)",
        "not_checked": "Not checked (not the same as safe)",
        "unknown_drugs": "Names not recognised; nothing about them was checked",
        "similar": "did you mean", "if_so": " (if so: {})", "why": "Why: ", "act": "Do: ", "sources": "Sources: ",
        "drugs": "Drugs", "foot": "Rules support the decision; the doctor decides. Not a prescription.",
    },
}  # fmt: skip


@app.command()
def check(
    names: Annotated[list[str], typer.Argument(help="Drugs: generic, brand, Chinese or English.", show_default=False)],
    patient: Annotated[Path | None, typer.Option(help="JSON file with patient facts (DrugPatient).")] = None,
    lang: Annotated[str, typer.Option(help="zh or en; from the names when not given.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The whole review as JSON.")] = False,
) -> None:
    """Review a list of drugs, in a patient if a file is given."""
    from yingzhi.clinical.presentation import Medication
    from yingzhi.tools.contraindications import review_medications
    from yingzhi.tools.formulary import load_formulary

    if lang not in ("", "zh", "en"):
        _refuse("--lang: zh or en is expected")
    language: Language = "en" if lang == "en" or (not lang and all(n.isascii() for n in names)) else "zh"
    review = review_medications((), [Medication(name=n) for n in names if n.strip()], _read_patient(patient), load_formulary())
    if as_json:
        typer.echo(review.model_dump_json(indent=2))
    else:
        from rich.console import Console

        show(review, language, Console())


@app.command()
def pairs(
    source: Annotated[Path, typer.Argument(help="JSON lines with drug_a and drug_b.", show_default=False)],
    out: Annotated[Path, typer.Option(help="JSON lines, one a pair, in the same order.", show_default=False)],
    lang: Annotated[str, typer.Option(help="Language of the texts: zh or en.")] = "en",
) -> None:
    """Judge many pairs."""
    from yingzhi.tools.formulary import load_formulary
    from yingzhi.tools.interactions import check_names

    if lang not in ("zh", "en"):
        _refuse("--lang: zh or en is expected")
    language: Language = "zh" if lang == "zh" else "en"
    rows = _read_pairs(source)
    formulary = load_formulary()
    lines = []
    for a, b in rows:
        found = check_names(a, b, formulary)
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


def show(review: MedicationReview, language: Language, console: Console) -> None:
    """Print a review for a reader at a terminal."""
    from rich.markup import escape
    from rich.panel import Panel
    from rich.text import Text as RichText

    w = WORDS[language]
    between = "、" if language == "zh" else ", "
    console.print(f"[bold]{w['drugs']}[/]: " + between.join(escape(d.names.say(language)) for d in review.drugs))
    for one in review.unknown:
        hint = " / ".join(s.names.say(language) for s in one.suggestions)
        asked = f"  ({w['similar']} {escape(hint)}?)" if hint else ""
        console.print(f"[{STYLE['unknown']}]? {w['unknown_drugs']}:[/] {escape(one.name)}{asked}")
    if not review.alerts:
        console.print(w["none"])
    for alert in review.alerts:
        body = RichText()
        body.append(w["why"], style="bold").append(alert.why.say(language) + "\n")
        body.append(w["act"], style="bold").append(alert.act.say(language))
        if alert.sources:
            body.append(f"\n{w['sources']}{', '.join(alert.sources)}", style="dim")
        title = f"[{STYLE[alert.severity]}] {w[alert.severity]} [/] [bold]{escape(alert.title.say(language))}[/]"
        console.print(Panel(body, title=title, title_align="left", border_style="red" if alert.tier in ("stop", "decide") else "yellow"))
    slight = [i for i in review.interactions if i.severity == "minor"]
    if slight:
        console.print(f"[dim]{w['minor_list']}[/]")
        known = {d.drug: d.names.say(language) for d in review.drugs}
        for pair in slight:
            both = f"{escape(known[pair.drug_a])} + {escape(known[pair.drug_b])}"
            console.print(f"[dim]  · {both}: {escape(pair.mechanisms[0].mechanism.say(language))}[/]")
    if review.not_checked:
        console.print(f"[bold magenta]{w['not_checked']}[/]")
        known = {d.drug: d.names.say(language) for d in review.drugs}
        for gap in review.not_checked:
            worst = w["if_so"].format(w[gap.worst]) if gap.worst != "unknown" else ""
            console.print(f"  · {escape(known.get(gap.drug, gap.drug))}: {escape(gap.needs.say(language))}{worst}")
    console.print(f"[dim]{w['foot']}[/]")


def _read_patient(path: Path | None) -> Any:
    if path is None:
        return None
    from pydantic import ValidationError

    from yingzhi.clinical.medication import DrugPatient

    try:
        return DrugPatient.model_validate_json(path.read_bytes())
    except OSError:
        _refuse(f"--patient: {path.name} cannot be read")
    except ValidationError as error:
        first = error.errors()[0]
        _refuse(f"--patient: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}")


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

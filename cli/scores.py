"""`yingzhi scores`: list, show, compute, document."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from yingzhi.clinical.errors import CaseError

if TYPE_CHECKING:
    from yingzhi.clinical.score import Reading, Score, ScoreInput, ScoreResult, Value
    from yingzhi.clinical.words import Language

app = typer.Typer(no_args_is_help=True)
TRUE, FALSE = ("true", "yes", "1", "是", "有"), ("false", "no", "0", "否", "无")
LANG = Annotated[Literal["zh", "en"], typer.Option(help="Language of labels and bands.")]
NAME = Annotated[str, typer.Argument(help="Id or short name of the score, e.g. pasi.", show_default=False)]
WORDS = {
    "en": {
        "total": "total", "outside": " (not part of the total)", "zero": "Said to be zero, not given",
        "bands": "no bands are given (see the note)", "needs": "Inputs",
    },
    "zh": {"total": "总分", "outside": "（不计入总分）", "zero": "未填、声明为0的项目", "bands": "未列分级（见说明）", "needs": "输入项"},
}  # fmt: skip


@app.command("list")
def list_(lang: LANG = "en", as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List every score: id, range, what it measures."""
    from yingzhi.tools.scores.catalogue import SCORES
    from yingzhi.tools.scores.document import reach

    rows = sorted(SCORES.values(), key=lambda score: score.id)
    if as_json:
        rows_out = [{"id": s.id, "short": s.short, "en": s.names.en, "zh": s.names.zh, "inputs": len(s.inputs)} for s in rows]
        sys.stdout.write(json.dumps(rows_out, ensure_ascii=False, indent=2) + "\n")
        return
    colon = "：" if lang == "zh" else ": "
    sys.stdout.writelines(f"{s.id:<24} {reach(s):<8} {s.names.say(lang)}{colon}{s.measures.say(lang)}\n" for s in rows)


@app.command()
def show(name: NAME, lang: LANG = "en", schema: Annotated[bool, typer.Option(help="The JSON schema of its values.")] = False) -> None:
    """Show one score: its formula, every input with what it takes, bands, notes and sources."""
    from yingzhi.tools.scores.catalogue import find_score
    from yingzhi.tools.scores.schema import input_schema

    score = find_score(name)
    if schema:
        sys.stdout.write(json.dumps(input_schema(score, lang), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(_shown(score, lang))


@app.command()
def compute(
    name: NAME,
    pairs: Annotated[list[str] | None, typer.Argument(help="Values as input=value, e.g. head_erythema=2.", show_default=False)] = None,
    values: Annotated[Path | None, typer.Option(help="JSON file with an object of values; - is stdin.")] = None,
    rest_zero: Annotated[bool, typer.Option(help="Everything not given was looked at and is zero.")] = False,
    lang: LANG = "en",
    as_json: Annotated[bool, typer.Option("--json", help="The whole result as JSON.")] = False,
) -> None:
    """Compute a score from its items, with the published band and its source."""
    from yingzhi.tools.scores.catalogue import find_score
    from yingzhi.tools.scores.compute import compute as compute_score

    score = find_score(name)
    given = {**_from_file(values), **_from_pairs(score, pairs or [])}
    result = compute_score(score.id, given, rest_zero=rest_zero)
    sys.stdout.write(result.model_dump_json(indent=2) + "\n" if as_json else _told(score, result, lang))


@app.command()
def document(lang: LANG = "en") -> None:
    """Print the documentation of all scores as Markdown, as it stands in docs/scores.md."""
    from yingzhi.tools.scores.document import document as written

    sys.stdout.write(written(lang))


def _shown(score: Score, lang: Language) -> str:
    from yingzhi.tools.scores.document import bands, cite, reach
    from yingzhi.tools.scores.schema import choice_words
    from yingzhi.tools.scores.values import expected

    lines = [
        f"{score.short}: {score.names.say(lang)} ({reach(score)})",
        score.measures.say(lang),
        score.formula_text.say(lang).strip(),
        "",
    ]
    lines.append(f"{WORDS[lang]['needs']}:")
    for one in score.inputs:
        takes = choice_words(one, lang) if one.kind == "choice" else expected(one)
        lines.append(f"  {one.id}  {one.label.say(lang)}  [{takes}]")
    lines += ["", *(f"{scale.name.say(lang)}: {bands(score, scale, lang)}" for scale in score.scales)]
    lines += [WORDS[lang]["bands"]] if not score.scales else []
    lines += ["", score.note.say(lang).strip(), *([score.rights.say(lang)] if score.rights else [])]
    return "\n".join([*lines, "", *(f"[{source.id}] {cite(source)}" for source in score.sources)]) + "\n"


def _told(score: Score, result: ScoreResult, lang: Language) -> str:
    from yingzhi.tools.scores.document import reach

    lines = [f"{score.short} {WORDS[lang]['total']}: {result.total:g} ({reach(score)})"]
    lines += [_reading(reading, lang) for reading in ([result.band] if result.band else []) + result.other_bands]
    lines += [WORDS[lang]["bands"]] if not score.scales else []
    for part in result.subscores:
        most = f"/{part.maximum:g}" if part.maximum is not None else ""
        lines.append(f"  {part.label.say(lang)}: {part.value:g}{most}{'' if part.in_total else WORDS[lang]['outside']}")
    if result.assumed_zero:
        lines.append(f"{WORDS[lang]['zero']}: {', '.join(result.assumed_zero)}")
    return "\n".join([*lines, result.note.say(lang).strip()]) + "\n"


def _reading(reading: Reading, lang: Language) -> str:
    where = f"{reading.source.body}, {reading.source.year or reading.source.url}"
    return f"  {reading.text.say(lang)} [{reading.range}] {reading.scale.say(lang)} ({where})"


def _from_pairs(score: Score, pairs: list[str]) -> dict[str, object]:
    known = {one.id: one for one in score.inputs}
    given: dict[str, object] = {}
    for place, pair in enumerate(pairs, 1):
        key, equals, text = pair.partition("=")
        if not equals:
            raise CaseError("input=value is expected", f"argument {place}")
        if key in given:
            raise CaseError("is given twice", key if key in known else f"argument {place}")
        given[key] = _value(known[key], text.strip()) if key in known else text
    return given


def _value(one: ScoreInput, text: str) -> Value:
    if one.kind == "flag":
        lowered = text.casefold()
        return True if lowered in TRUE else False if lowered in FALSE else text
    if one.kind == "choice":
        chosen = next((choice.value for choice in one.choices if str(choice.value).casefold() == text.casefold()), None)
        if chosen is not None:
            return chosen
    try:
        return float(text)
    except ValueError:
        return text


def _from_file(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    try:
        read = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise CaseError("cannot be read as UTF-8 text", "--values") from None
    except ValueError:
        raise CaseError("is not JSON", "--values") from None
    if not isinstance(read, dict):
        raise CaseError("a JSON object is expected", "--values")
    return read

"""`yingzhi eval`: run, score, show, judge, compare, report, promote, replay, sequential, check, export."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from yingzhi.cli import inbox
from yingzhi.clinical.errors import GoldError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yingzhi.clinical.words import Language
    from yingzhi.evals.cases import GoldCase
    from yingzhi.evals.runs import Run
    from yingzhi.evals.score import Scorer
    from yingzhi.graphs.settings import Settings

app = typer.Typer(no_args_is_help=True)
app.add_typer(inbox.app, name="inbox")

RUN = Annotated[str, typer.Argument(help="Name of a run, or its folder.")]
CASES = Annotated[Path | None, typer.Option("--cases", help="Folder of gold cases; the built-in ones by default.", metavar="DIR")]
BY = Annotated[
    list[str] | None,
    typer.Option("--by", help="Show slices too: lang, commonness, age or group, or one of them like age:child. Can be given again."),
]


@app.command("run")
def run_(
    name: Annotated[str, typer.Option(help="Name of the run; the time by default. An unfinished run of this name goes on.")] = "",
    cases: CASES = None,
    lang: Annotated[Literal["zh", "en"] | None, typer.Option(help="One language only.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Cases of a slice only, e.g. group:pregnancy, or one case by its id.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Times that each case is run.")] = 1,
    at_once: Annotated[int, typer.Option(min=1, help="Cases at once; more than a few help only with a model.")] = 4,
    model: Annotated[str | None, typer.Option(help="Model settings, as for `consult`; `none` for the embedded engine.")] = None,
    prompts: Annotated[Path | None, typer.Option(help="Your own folder of prompts.", metavar="DIR")] = None,
    by: BY = None,
) -> None:
    """Run the gold cases, score them and show the result. Exit code 1 if a gate of safety does not hold.

    A run that was stopped goes on where it was when it is started again under its name. Its folder holds the traces (`traces.jsonl`), the
    scores, the prompts and Inspect's log (`inspect view --log-dir FOLDER/logs`).
    """
    from yingzhi.evals.cases import GOLD, LANGUAGES, load_cases, problems
    from yingzhi.evals.engine import run_gold
    from yingzhi.evals.runs import start_run
    from yingzhi.graphs.resources import open_resources
    from yingzhi.graphs.result import pins

    settings = _settings(model, prompts)
    languages: tuple[Language, ...] = (lang,) if lang else LANGUAGES
    chosen = _chosen(load_cases(cases or GOLD), only or [])
    resources = open_resources(settings)
    wrong = [p for case in chosen for p in problems(case, resources.knowledge)]
    if wrong:
        raise GoldError(f"{wrong[0]}" + (f" (and {len(wrong) - 1} more; see `yingzhi eval check`)" if len(wrong) > 1 else ""))
    run = start_run(settings.home / "evals", name, chosen, languages, resources, pins(resources), epochs)
    run_gold(run, chosen, resources, at_once)
    _show(run, by or [])


@app.command()
def score(run: RUN, cases: CASES = None, by: BY = None) -> None:
    """Score the stored traces of a run again, e.g. after a scorer or a gold case was changed. Nothing is run."""
    from yingzhi.evals.cases import GOLD, load_cases
    from yingzhi.evals.runs import score_run
    from yingzhi.evals.scorers import standard
    from yingzhi.graphs.resources import open_resources

    stored = _run(run)
    lexicon = open_resources(_settings("none", None)).lexicon
    score_run(stored, {c.id: c for c in load_cases(cases or GOLD)}, standard(lexicon))
    _show(stored, by or [])


@app.command()
def show(run: RUN, by: BY = None, case: Annotated[str | None, typer.Option(help="One case: every score with its reason.")] = None) -> None:
    """Show the scores of a run. Exit code 1 if a gate of safety does not hold."""
    from yingzhi.evals.runs import scores_of

    stored = _run(run)
    if case is None:
        _show(stored, by or [])
        return
    rows = [r for r in scores_of(stored) if r.case == case]
    if not rows:
        raise GoldError(f"{stored.manifest.id}: there is no case {case}")
    for row in rows:
        sys.stdout.write(f"{row.case}.{row.lang}" + (f" epoch {row.epoch}" if row.epoch > 1 else "") + f"   {' '.join(row.labels)}\n")
        for name, found in row.scores.items():
            value = "unscored" if found.value is None else f"{found.value:.3f}"
            sys.stdout.write(f"  {name:<20} {value:>9}  {found.why}\n")


@app.command("judge")
def judge_(
    run: RUN,
    judge: Annotated[
        list[str],
        typer.Option(help="Model settings of a judge, as for `consult --model`. Give two, of different families: then they are compared."),
    ],
    only: Annotated[list[str] | None, typer.Option(help="Cases of a slice only, e.g. group:pregnancy, or one case by its id.")] = None,
    cases: CASES = None,
    at_once: Annotated[int, typer.Option(min=1, help="Traces that are judged at once.")] = 4,
) -> None:
    """Have language models grade a run from 1 to 5 by what rules can't score: reasoning, summary, next questions.

    The grades are kept in the run's folder (`judge.jsonl`) and shown by `show` and `compare` from then on; they never are gates. A judging
    that was stopped goes on where it was, and a judge that failed is asked again. Rubrics: `yingzhi prompts show judge-summary`.
    """
    import asyncio

    from yingzhi.agents.models.chat import Models
    from yingzhi.cli.batch import ready
    from yingzhi.evals.cases import GOLD, load_cases
    from yingzhi.evals.engine import progress
    from yingzhi.evals.judge import judge_run
    from yingzhi.evals.judge_agreement import as_text, judging
    from yingzhi.evals.judge_grades import CRITERIA, grades_file, read_grades

    stored, gold = _run(run), load_cases(cases or GOLD)
    chosen = {c.id for c in _chosen(gold, only or [])} & set(stored.manifest.cases)
    if not chosen:
        raise GoldError(f"{stored.manifest.id}: no case of this run is in {' and '.join(only or [])}")
    judges = [Models(s.model) for s in (_settings(name, None) for name in judge) if s.model is not None]
    if len(judges) < len(judge):
        raise SettingsError("--judge: a model is needed")
    for name in judge:
        ready(name)
    total = len(chosen) * len(stored.manifest.languages) * stored.manifest.epochs * len(CRITERIA) * len(judges)
    with progress(total, 0, "grades") as step:
        asyncio.run(judge_run(stored, {c.id: c for c in gold}, judges, chosen, at_once, step))
    sys.stdout.write(f"run {stored.manifest.id}\n\n" + as_text(judging(read_grades(grades_file(stored.folder)))))


@app.command("compare")
def compare_(
    before: RUN,
    after: RUN,
    by: BY = None,
    most: Annotated[int, typer.Option(help="Changed scores that are listed.")] = 40,
    as_json: Annotated[bool, typer.Option("--json", help="The whole comparison as JSON.")] = False,
) -> None:
    """Compare two runs: only what changed, with reasons, intervals and the difference of the prompts. Exit code 1 if a gate was lost."""
    from yingzhi.evals.compare import as_text, compare

    runs = _run(before), _run(after)
    found = compare(*runs, _scorers(*runs), by or [])
    sys.stdout.write(found.model_dump_json(indent=1) + "\n" if as_json else as_text(found, most))
    if found.lost:
        raise typer.Exit(1)


@app.command("report")
def report_(
    runs: Annotated[list[str], typer.Argument(help="Names of runs, or their folders; each is compared with the first.", metavar="RUN...")],
    out: Annotated[Path, typer.Option(help="The HTML file.", metavar="FILE")],
    by: BY = None,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language of the report's own words.")] = "en",
) -> None:
    """Write one HTML file on a run, or on several compared: verdict, scores, what changed and why, every case, calibration, cost.

    It asks for nothing from outside, so it can be mailed and kept; it holds ids and reasons of the cases and the prompts that differ.
    """
    from yingzhi.evals.report import write_report

    opened = [_run(name) for name in runs]
    write_report(opened, _scorers(*opened), out, by or [], lang)
    sys.stdout.write(f"{out}\n")


@app.command("promote")
def promote_(
    before: Annotated[str, typer.Argument(help="Run of the prompts in use.")],
    after: Annotated[str, typer.Argument(help="Run of the prompts that are to take their place.")],
    to: Annotated[Path, typer.Option(help="Folder of your installation's own prompts.", metavar="DIR")],
    by: Annotated[str, typer.Option(help="Who decides; kept with the decision.")] = "",
) -> None:
    """Put the prompts of a run into use, unless a gate was lost or a score fell beyond its interval. The decision is kept either way.

    Exit code 1 if it is refused. Decisions stand in `evals/decisions.jsonl` of YINGZHI_HOME.
    """
    from yingzhi.evals.compare import compare
    from yingzhi.evals.promote import promote
    from yingzhi.evals.scorers import standard
    from yingzhi.graphs.settings import Settings

    register = Settings.from_environment(dict(os.environ)).home / "evals" / "decisions.jsonl"
    later = _run(after)
    decision = promote(compare(_run(before), later, standard()), later, to, register, by)
    sys.stdout.write(f"{decision.verdict}: {len(decision.prompts)} prompts of {decision.after}, against {decision.before}\n")
    sys.stdout.writelines(f"  {reason}\n" for reason in decision.reasons)
    if decision.verdict == "refused":
        raise typer.Exit(1)


@app.command("replay")
def replay_(
    traces: Annotated[Path, typer.Argument(help="Stored consultations: the traces.jsonl of a run, or any file of traces.")],
    model: Annotated[str | None, typer.Option(help="Model settings, as for `consult`; `none` for the embedded engine.")] = None,
    quiet: Annotated[bool, typer.Option(help="Only what a doctor would act on differently.")] = False,
) -> None:
    """Run stored consultations again on this code and knowledge, and show every conclusion that changed. Exit code 1 if one is grave."""
    import asyncio

    from yingzhi.evals.replay import GRAVE, replay
    from yingzhi.evals.trace import read_traces
    from yingzhi.graphs.build import build_graph
    from yingzhi.graphs.resources import open_resources

    async def run_again() -> tuple[int, int, int]:
        count = changed = grave = 0
        async for trace, drifts in replay(read_traces(traces), open_resources(_settings(model, None)), build_graph()):
            count, changed = count + 1, changed + bool(drifts)
            shown = [d for d in drifts if d.what in GRAVE or not quiet]
            grave += sum(d.what in GRAVE for d in drifts)
            sys.stdout.writelines(f"{trace.case}.{trace.lang}  {d.what}: {d.before} -> {d.after}\n" for d in shown)
        return count, changed, grave

    count, changed, grave = asyncio.run(run_again())
    sys.stdout.write(f"{count} consultations, {changed} with changed conclusions, {grave} grave changes\n")
    if grave:
        raise typer.Exit(1)


@app.command("sequential")
def sequential_(
    name: Annotated[str, typer.Option(help="Name of the run; the time by default. An unfinished run of this name goes on.")] = "",
    notes: Annotated[
        Path | None,
        typer.Option(
            help="Cases of your own instead of the gold cases: JSONL with id, text, diagnosis (a name or id), lang.", metavar="FILE"
        ),
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Cases at most.")] = 1000,
    budget: Annotated[
        list[float] | None, typer.Option(min=0, help="CNY that tests may cost in a further arm; can be given again. 50 by default.")
    ] = None,
    cases: CASES = None,
    lang: Annotated[Literal["zh", "en"] | None, typer.Option(help="One language only.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Cases of a slice only, e.g. group:pregnancy, or one case by its id.")] = None,
    model: Annotated[str | None, typer.Option(help="Model settings, as for `consult`; `none` for the embedded engine.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """Work cases up step by step: questions, then tests at their price. Accuracy, cost and turns against ordering all tests at once.

    A simulated patient says the opening words and then answers what is asked, a gatekeeper gives the result of every test that is ordered
    (a normal one where the case is silent) and keeps the bill. Every case is worked up by each arm: `all-at-once` orders every recommended
    first-line test in one go and asks nothing, `step-by-step` asks first and orders two tests at a time, with any sum and with each budget.
    The courses are kept in `courses.jsonl` of the run's folder.
    """
    import asyncio

    from yingzhi.evals.cases import GOLD, LANGUAGES, load_cases
    from yingzhi.evals.engine import progress
    from yingzhi.evals.interactive import as_text, disease_names, of_gold, of_note, open_courses, read_notes, run_courses, totals
    from yingzhi.evals.sequential import BASELINE, Arm
    from yingzhi.graphs.build import build_graph
    from yingzhi.graphs.resources import open_resources

    if notes is not None and (cases or only):
        raise SettingsError("--notes: they take the place of the gold cases, so neither --cases nor --only goes with them")
    settings = _settings(model, None)
    resources = open_resources(settings)
    if notes is not None:
        names = disease_names(resources.knowledge)
        chosen = [of_note(n, names) for n in read_notes(notes) if lang in {None, n.lang}][:most]
    else:
        gold = _chosen(load_cases(cases or GOLD), only or [])[:most]
        chosen = [of_gold(c, one) for c in gold for one in ((lang,) if lang else LANGUAGES)]
    arms = [BASELINE, Arm(way="step-by-step"), *(Arm(way="step-by-step", budget=b) for b in budget or [50.0])]
    file = open_courses(settings.home / "evals", name, chosen, resources)
    with progress(len(chosen) * len(arms), 0, "courses") as step:
        courses = asyncio.run(run_courses(chosen, arms, resources, build_graph(), file, step))
    found = totals(courses)
    if as_json:
        sys.stdout.write("[" + ",\n".join(t.model_dump_json() for t in found) + "]\n")
        return
    unknown = sum(not c.wanted for c in chosen)
    known = f", of which {unknown} have a diagnosis that the knowledge does not have" if unknown else ""
    sys.stdout.write(f"run {file.parent.name}: {len(chosen)} cases{known}\n\n" + as_text(found))


@app.command()
def check(cases: CASES = None) -> None:
    """Check the gold cases: their form, their ids, their words in both languages. Exit code 2 if something is wrong."""
    from yingzhi.evals.cases import GOLD, load_case, problems
    from yingzhi.graphs.settings import Settings
    from yingzhi.knowledge.load import load_knowledge

    knowledge = load_knowledge(Settings.from_environment(dict(os.environ)).home / "cache")
    found, whole = [], 0
    for path in sorted((cases or GOLD).glob("*.yaml")):
        try:
            here = list(problems(load_case(path), knowledge))
        except GoldError as error:
            here = [str(error)]
        whole += not here
        found += here
    sys.stdout.writelines(f"{p}\n" for p in found)
    sys.stdout.write(f"{whole} gold cases are whole, {len(found)} problems\n")
    if found or not whole:
        raise typer.Exit(2)


@app.command("export")
def export_(
    run: RUN,
    endpoint: Annotated[
        str, typer.Option(help="OpenTelemetry collector, OTLP over HTTP, e.g. http://127.0.0.1:4318; the path is /v1/traces by default.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="File for the spans as OTLP JSON.", metavar="FILE")] = None,
    with_text: Annotated[bool, typer.Option("--with-text", help="The record, the drafts and the scorers' reasons go along.")] = False,
) -> None:
    """Export the traces of a run as OpenTelemetry spans, with the names of the GenAI conventions and of OpenInference.

    Nothing is ever exported but by this command, and no text of a record but with --with-text. Sent again, a run is there once. Headers,
    timeout and certificates are taken from OpenTelemetry's environment variables (OTEL_EXPORTER_OTLP_HEADERS and so on).
    """
    from yingzhi.evals.otel import send, spans_of_run, traces_url, write

    if not endpoint and out is None:
        raise SettingsError("say where to: --endpoint or --out")
    url = traces_url(endpoint) if endpoint else ""
    spans = list(spans_of_run(_run(run), with_text=with_text))
    if with_text:
        sys.stderr.write("yingzhi: the text of the records goes along (--with-text): whoever can read the spans can read it\n")
    if out is not None:
        sys.stdout.write("{} consultations, {} spans written to {}\n".format(*write(spans, out), out))
    if url:
        sys.stdout.write("{} consultations, {} spans sent to {}\n".format(*send(spans, url), url))


def _settings(model: str | None, prompts: Path | None) -> Settings:
    from yingzhi.cli.batch import settings_for

    settings = settings_for(model)
    if prompts is None:
        return settings
    if settings.model is None:
        raise SettingsError("--prompts: prompts are for a model, and none is set (--model, or YINGZHI_MODEL)")
    return settings.model_copy(update={"model": settings.model.model_copy(update={"prompts": prompts})})


def _chosen(cases: Sequence[GoldCase], only: Sequence[str]) -> list[GoldCase]:
    """Cases that are in every slice that is named; ids add up."""
    ids = {c.id for c in cases}
    named, slices = [o for o in only if o in ids], [o for o in only if o not in ids]
    found = [c for c in cases if (not named or c.id in named) and set(slices) <= set(c.labels("en"))]
    if not found:
        raise GoldError(f"no gold case is in {' and '.join(only)}")
    return found


def _run(name: str) -> Run:
    from yingzhi.evals.runs import open_run
    from yingzhi.graphs.settings import Settings

    own = Path(name)
    return open_run(own if (own / "run.json").exists() else Settings.from_environment(dict(os.environ)).home / "evals" / name)


def _scorers(*runs: Run) -> tuple[Scorer, ...]:
    """The standard scorers, and those of the judges of any of the runs."""
    from yingzhi.evals.judge_grades import judge_scorers
    from yingzhi.evals.scorers import standard

    judged = {s.name: s for run in runs for s in judge_scorers(run.folder)}
    return (*standard(), *judged.values())


def _show(run: Run, by: Sequence[str]) -> None:
    from yingzhi.evals.judge_agreement import agreement_lines, judging
    from yingzhi.evals.judge_grades import grades_file, read_grades
    from yingzhi.evals.runs import scores_of, traces_of
    from yingzhi.evals.tables import as_text, parities, summarise

    pins = run.manifest.pins
    sys.stdout.write(f"run {run.manifest.id}: {pins.model or 'embedded engine'}, knowledge {pins.knowledge}, gold {run.manifest.gold}\n\n")
    summary = summarise(scores_of(run), _scorers(run), parities(traces_of(run)), by)
    sys.stdout.write(as_text(summary))
    if grades := read_grades(grades_file(run.folder)):
        sys.stdout.write("\n" + "\n".join(agreement_lines(judging(grades))) + "\n")
    if summary.breaches:
        raise typer.Exit(1)

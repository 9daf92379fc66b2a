"""The commands, put together."""

from __future__ import annotations

import sys

import typer

from yingzhi.cli import audit, batch, consult, drugs, evals, keys, knowledge, mcp, packs, prompts, retrieval, scores, serve
from yingzhi.clinical.errors import YingzhiError

app = typer.Typer(
    name="yingzhi",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="櫻智醫助 yingzhi: clinical decision support for dermatology, in Chinese and English.\n\n"
    "It reads a record, ranks diagnoses with what speaks for and against each, proposes the cheapest harmless test first, checks drugs "
    "and drafts documents. The doctor decides and signs.\n\n"
    "Start with: [bold]yingzhi consult examples/zoster.zh.txt[/bold]",
    epilog="All local state lives in YINGZHI_HOME. Nothing is sent anywhere unless you set a model or run `eval export`.",
)
app.command("consult")(consult.consult)
app.command("batch")(batch.batch)
app.command("ingest")(retrieval.ingest)
app.command("search")(retrieval.search)
app.command("serve")(serve.serve)
app.command("mcp")(mcp.mcp)
drugs.app.command("pack")(packs.pack)
app.add_typer(drugs.app, name="drugs", help="Drug safety alone: check a list, or many pairs.")
app.add_typer(knowledge.app, name="knowledge", help="The knowledge: is it whole, how much is there, what are its names.")
app.add_typer(keys.app, name="keys", help="API keys of the service: create, list, revoke.")
app.add_typer(audit.app, name="audit", help="The audit log of the service: is it whole, what was done.")
app.add_typer(scores.app, name="scores", help="Severity scores: list, show, compute with the published bands.")
app.add_typer(prompts.app, name="prompts", help="What a model is told: list, show, render for a case, compare with your own.")
app.add_typer(evals.app, name="eval", help="The gold cases: run, score, show; what a change of prompts or knowledge does.")


def run() -> None:
    """Run the application; what is wrong with the input is said in one sentence and exit code 2."""
    try:
        app()
    except YingzhiError as error:
        sys.stderr.write(f"yingzhi: {error}\n")
        raise SystemExit(2) from None
    except BrokenPipeError:  # the reader (head, less) went away
        sys.stderr.close()
        raise SystemExit(0) from None

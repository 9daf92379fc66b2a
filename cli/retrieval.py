"""`yingzhi ingest` and `yingzhi search`: the user's own literature."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Literal

import typer

from yingzhi.clinical.errors import KnowledgeError, YingzhiError
from yingzhi.clinical.evidence import NO_EVIDENCE, Evidence
from yingzhi.tools.retrieval.hybrid import HybridRetriever

COLLECTION = Annotated[str, typer.Option("--collection", "-c", help="Name of the collection: lower-case letters, digits, - or _.")]
TENANT = Annotated[str, typer.Option(envvar="YINGZHI_TENANT", help="Whose documents: nobody else finds them. `public` is everyone's.")]
HOME = Annotated[Path | None, typer.Option(envvar="YINGZHI_HOME", help="Where all local state lives.")]
URL = Annotated[
    str | None, typer.Option("--qdrant-url", envvar="YINGZHI_QDRANT_URL", help="A Qdrant server instead of the built-in index.")
]
KEY = Annotated[str | None, typer.Option("--qdrant-api-key", envvar="YINGZHI_QDRANT_API_KEY", help="Its key.")]
DENSE = Annotated[
    Path | None,
    typer.Option("--dense-model", envvar="YINGZHI_DENSE_MODEL", help="Directory of a sentence-transformers model (extra `dense`)."),
]


def ingest(
    docs: Annotated[
        Path, typer.Argument(help="JSONL, one document a line: id, text, and if known title, year, body, jurisdiction, grade …")
    ],
    collection: COLLECTION,
    tenant: TENANT = "local",
    home: HOME = None,
    qdrant_url: URL = None,
    qdrant_api_key: KEY = None,
    dense_model: DENSE = None,
) -> None:
    """Put documents into a collection; the same id again replaces the document, the same content is skipped."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from yingzhi.tools.retrieval.ingest import ingest_file

    with plain_errors(), opened(home, qdrant_url, qdrant_api_key, dense_model) as retriever:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(collection, total=None)
            written = ingest_file(
                retriever, docs, collection=collection, tenant=tenant, progress=lambda n, total: bar.update(task, advance=n, total=total)
            )
    typer.echo(
        f"{collection}: {written.added} added, {written.replaced} replaced, {written.skipped} unchanged, {written.chunks} chunks written"
    )


def search(
    query: Annotated[str | None, typer.Argument(help="A question or keywords, in either language.")] = None,
    *,
    collection: COLLECTION,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many documents at most.")] = 10,
    queries: Annotated[Path | None, typer.Option(help="JSONL of questions {id, query} instead of one question.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the answers to --queries go, JSONL in the same order.")] = None,
    format: Annotated[Literal["text", "json"], typer.Option(help="How one answer is shown.")] = "text",
    exclude_superseded: Annotated[bool, typer.Option(help="Leave replaced documents out instead of ranking them below.")] = False,
    tenant: TENANT = "local",
    home: HOME = None,
    qdrant_url: URL = None,
    qdrant_api_key: KEY = None,
    dense_model: DENSE = None,
) -> None:
    """Search a collection, for one question or a file of them."""
    with plain_errors(), opened(home, qdrant_url, qdrant_api_key, dense_model) as retriever:

        def ask(question: str) -> Evidence:
            superseded: Literal["below", "exclude"] = "exclude" if exclude_superseded else "below"
            return retriever.search(question, collection=collection, tenant=tenant, k=k, superseded=superseded)

        if queries is not None:
            if out is None or query is not None:
                raise KnowledgeError("--queries: needs --out, and no question beside it")
            answers = [(name, ask(question)) for name, question in read_queries(queries)]
            lines = ({"id": name, **answer.model_dump(include={"found", "hits"}, exclude_none=True)} for name, answer in answers)
            write_whole(out, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        elif query is None or not query.strip():
            raise KnowledgeError("query: must not be empty")
        elif format == "json":
            typer.echo(ask(query).model_dump_json(indent=2, exclude_none=True))
        else:
            show(ask(query))


def show(answer: Evidence) -> None:
    """One answer for people."""
    from rich.console import Console
    from rich.markup import escape

    console = Console()
    if not answer.found:
        console.print(f"{NO_EVIDENCE.en} {NO_EVIDENCE.zh}")
    for place, hit in enumerate(answer.hits, start=1):
        about = " · ".join(str(part) for part in (hit.body, hit.year, hit.jurisdiction, hit.grade, hit.version) if part)
        mark = " [yellow](superseded 已被取代)[/]" if hit.superseded else ""
        console.print(f"[bold]{place}. {escape(hit.title or hit.source_id)}[/]{mark}  [dim]{escape(hit.source_id)}  {hit.score:.3f}[/]")
        if about:
            console.print(f"   [dim]{escape(about)}[/]")
        console.print("   " + escape(" ".join(hit.text.split())[:400]))


def read_queries(path: Path) -> list[tuple[str, str]]:
    """Questions of a file as (id, question).

    Raises:
        KnowledgeError: The file or a line is wrong; nothing was searched.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{path.name}: can't be read as UTF-8 text") from error
    found = []
    for place, line in enumerate(lines, start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                raise KnowledgeError(f"{path.name} line {place}: is not JSON") from None
            for field in ("id", "query"):
                if not isinstance(row, dict) or not isinstance(row.get(field), str):
                    raise KnowledgeError(f"{path.name} line {place}: {field}: must be a string")
            found.append((row["id"], row["query"]))
    return found


def write_whole(path: Path, text: str) -> None:
    """Write a file in one step, or not at all."""
    try:
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False) as stream:
            stream.write(text)
        os.chmod(stream.name, 0o644)
        Path(stream.name).replace(path)
    except OSError as error:
        raise KnowledgeError(f"{path.name}: can't be written ({error.strerror})") from error


@contextmanager
def opened(home: Path | None, url: str | None, key: str | None, dense: Path | None) -> Iterator[HybridRetriever]:
    """The retriever of these settings, closed at the end."""
    from platformdirs import user_data_path

    from yingzhi.tools.retrieval.open import open_retriever

    retriever = open_retriever(home or user_data_path("yingzhi"), url=url, api_key=key, dense_model=dense)
    try:
        yield retriever
    finally:
        retriever.close()


@contextmanager
def plain_errors() -> Iterator[None]:
    """What went wrong as one sentence on stderr, and exit code 2."""
    try:
        yield
    except YingzhiError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:  # a home that can't be written to, a full disk
        typer.echo(f"{error.filename or 'retrieval'}: {error.strerror}", err=True)
        raise typer.Exit(2) from None

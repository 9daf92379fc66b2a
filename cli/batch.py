"""`yingzhi batch`: many consultations, restartable, in input order."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yingzhi.clinical.errors import CaseError, YingzhiError

if TYPE_CHECKING:
    from yingzhi.graphs.settings import Settings

CHUNK = 8
"""Cases a worker takes at once."""
LONGEST_LINE = 4_000_000


def batch(
    cases: Annotated[
        Path, typer.Argument(help="JSONL, one case a line: id, text, and if known lang, patient, phenotypes, medications, reports.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the results go, JSONL in the same order.")],
    workers: Annotated[int, typer.Option("--workers", "-w", min=1, max=64, help="Worker processes.")] = 2,
    model: Annotated[str | None, typer.Option(help="Language model, as in `yingzhi consult --model`; none for none.")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Only id, status, differential, alerts and seconds, for a smaller file.")] = False,
) -> None:
    """Work many cases up. Started again after a crash, it goes on where it stopped; a line that can't be worked on fails by name."""
    lines = read_lines(cases)
    ready(model)
    part = out.with_name(out.name + ".part")
    done = finished(part) | finished(out)
    failed = 0
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    fresh = out.with_name(out.name + ".new")
    todo = [(n, line, key) for n, line, key in lines if key not in done]
    with part.open("a", encoding="utf-8") as journal, Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("consultations", total=len(lines), completed=len(lines) - len(todo))
        for key, result in run_all(todo, workers, brief, model):
            journal.write(result + "\n")
            journal.flush()
            done[key] = result
            bar.advance(task)
    with fresh.open("w", encoding="utf-8") as stream:
        for _, _, key in lines:
            stream.write(done[key] + "\n")
            failed += '"status":"failed"' in done[key]
    os.replace(fresh, out)
    part.unlink()
    sys.stderr.write(
        f"{len(lines)} cases, {len(lines) - len(todo)} were done before" + (f", {failed} failed (see their error)" if failed else "") + "\n"
    )


def read_lines(path: Path) -> list[tuple[int, str, str]]:
    """(line number, line, key) of every line that is not blank; the key is the hash of what it says.

    Raises:
        CaseError: The file can't be read or holds nothing.
    """
    from yingzhi.tools.intake import decode

    try:
        data = path.read_bytes()
    except OSError as error:
        raise CaseError(f"can't be read ({error.strerror})", path.name) from None
    lines = []
    for number, raw in enumerate(data.split(b"\n"), 1):
        if raw.strip():
            try:
                text = decode(raw)
            except CaseError:
                text = "\ufffd"  # fails by its number, below
            lines.append((number, text, hashlib.sha256(f"{number}:".encode() + raw.strip()).hexdigest()[:20]))
    if not lines:
        raise CaseError("holds no case", path.name)
    return lines


def finished(path: Path) -> dict[str, str]:
    """Results of an earlier run by key; a line cut short by a crash is left out."""
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found[str(json.loads(line)["input"])] = line
        except (json.JSONDecodeError, KeyError, TypeError):
            continue
    return found


def run_all(todo: list[tuple[int, str, str]], workers: int, brief: bool, model: str | None = None) -> Iterator[tuple[str, str]]:
    """Results in input order."""
    if workers == 1 or len(todo) <= CHUNK:
        start(model)
        for number, line, key in todo:
            yield key, one(number, line, key, brief)
        return
    pending = iter(todo)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=start, initargs=(model,)) as pool:
        queue = [pool.submit(some, chunk, brief) for chunk in islice(_chunks(pending), 2 * workers)]
        while queue:
            yield from queue.pop(0).result()
            queue += [pool.submit(some, chunk, brief) for chunk in islice(_chunks(pending), 1)]


def _chunks(items: Iterator[tuple[int, str, str]]) -> Iterator[list[tuple[int, str, str]]]:
    while chunk := list(islice(items, CHUNK)):
        yield chunk


_WORK: dict[str, Any] = {}
"""A worker's resources, opened once in its own process."""


def settings_for(model: str | None) -> Settings:
    """The settings of the environment, with the model that the command names."""
    from yingzhi.graphs.settings import Settings

    given = {} if model is None else {"YINGZHI_MODEL": "" if model == "none" else model}
    return Settings.from_environment(dict(os.environ) | given)


def ready(model: str | None) -> None:
    """Say plainly what is wrong with a model before the first case."""
    settings = settings_for(model)
    if settings.model is not None and settings.model.probe:
        import asyncio

        from yingzhi.agents.models.chat import Models
        from yingzhi.agents.models.probe import probe

        async def once(models: Models) -> None:
            try:
                await probe(models)
            finally:
                await models.aclose()

        asyncio.run(once(Models(settings.model)))


def start(model: str | None = None) -> None:
    """Open the resources of this process."""
    import asyncio

    from yingzhi.graphs.build import build_graph
    from yingzhi.graphs.resources import open_resources

    if not _WORK:
        settings = settings_for(model)
        resources = open_resources(settings)
        level = resources.site.level if resources.site else settings.setting
        _WORK.update(resources=resources, graph=build_graph(), setting=level, loop=asyncio.new_event_loop())


def some(chunk: list[tuple[int, str, str]], brief: bool) -> list[tuple[str, str]]:
    """Work a few cases."""
    return [(key, one(number, line, key, brief)) for number, line, key in chunk]


def one(number: int, line: str, key: str, brief: bool) -> str:
    """One case's result as a line of JSON; what is wrong with it is in the result."""
    from yingzhi.graphs.run import consult
    from yingzhi.tools.intake.read import case_from

    name = f"line {number}"
    try:
        document = json.loads(line)
        if not isinstance(document, dict):
            raise CaseError("a JSON object is expected", name)
        name = str(document.get("id") or name)[:200]
        case = case_from(document, name)
        if "setting" not in case.model_fields_set:
            case = case.model_copy(update={"setting": _WORK["setting"]})
        # not asyncio.run: at each end it asks for the signal handler, which writes out the whole result to name itself
        result = _WORK["loop"].run_until_complete(consult(case, _WORK["resources"], graph=_WORK["graph"])).model_dump(mode="json")
    except json.JSONDecodeError as error:
        return _failed(name, key, f"line {number}: not well-formed JSON, column {error.colno}")
    except YingzhiError as error:
        return _failed(name, key, str(error))
    except Exception as error:  # one case must not end the batch
        return _failed(name, key, f"line {number}: {type(error).__name__}")
    if brief:
        result = {k: result[k] for k in ("id", "status", "differential", "must_not_miss", "other", "confidence", "alerts", "seconds")}
    return _line({**result, "input": key})


def _failed(name: str, key: str, reason: str) -> str:
    return _line({"id": name, "status": "failed", "differential": [], "seconds": 0.0, "error": reason, "input": key})


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))

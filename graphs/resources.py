"""Opens what specialists work with: knowledge, lexicon, models and indexes, compiled once and kept under the home folder."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from yingzhi.agents.specialist import Resources, now
from yingzhi.clinical.errors import KnowledgeError, SettingsError, ToolError
from yingzhi.graphs.settings import Settings
from yingzhi.knowledge.load import Knowledge, load_knowledge, read_yaml, write_atomically
from yingzhi.tools import lexicon as lexicon_module
from yingzhi.tools.citations import reference
from yingzhi.tools.done_tests import index_tests
from yingzhi.tools.extraction import lexicon_table
from yingzhi.tools.formulary import build_formulary
from yingzhi.tools.inference import compile_model
from yingzhi.tools.labs import compile_labs
from yingzhi.tools.lexicon import Lexicon, LexiconTable, compile_lexicon
from yingzhi.tools.overlays import with_overlays
from yingzhi.tools.passages import passages
from yingzhi.tools.rare import RareArm
from yingzhi.tools.retrieval import Retriever, build_index, open_index, open_retriever
from yingzhi.tools.retrieval.tokens import RULES
from yingzhi.tools.sites import read_site
from yingzhi.tools.systemic import draw_map

if TYPE_CHECKING:
    from yingzhi.agents.models.chat import Models

PRICES = TypeAdapter(dict[str, float])
FOLDING = ("text", "lexicon", "decoys", "heads", "loose", "extraction")
"""Modules of the tools that make the lexicon's folded form."""


def open_resources(settings: Settings | None = None, clock: Callable[[], datetime] = now) -> Resources:
    """Open everything a consultation needs; the first call compiles the knowledge (a few seconds), later ones read it.

    Raises:
        KnowledgeError: A knowledge file is wrong.
        SettingsError: The price list is wrong or the home folder can't be written.
    """
    with _collector_paused():
        return _open(settings or Settings(), clock)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Tens of thousands of records are built and all are kept: collecting meanwhile finds nothing and takes half the time.

    They are frozen at the end, so that no later collection walks over what lives as long as the process (2 ms each, in the
    middle of a consultation); one that is let go is still freed by its last reference.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if running:
            gc.enable()


def _open(settings: Settings, clock: Callable[[], datetime]) -> Resources:
    cache = settings.home / "cache"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"YINGZHI_HOME: the folder can't be written ({type(error).__name__})") from error
    knowledge = load_knowledge(cache)
    if settings.prices:
        knowledge = _priced(knowledge, settings.prices)
    formulary = with_overlays(build_formulary(knowledge.drugs), settings.home)
    return Resources(
        knowledge=knowledge,
        lexicon=_lexicon(knowledge, cache),
        model=compile_model(knowledge.diseases.values(), knowledge.findings.values()),
        labs=compile_labs(knowledge.analytes.values()),
        formulary=formulary,
        links=draw_map(knowledge, formulary.display),
        shown_by=index_tests(knowledge.investigations.values()),
        records={s.id: reference(s) for s in knowledge.sources.values()},
        retrievers=_retrievers(knowledge, settings, cache) if settings.evidence else (),
        tenant=settings.tenant,
        home=settings.home,
        clock=clock,
        rare=_rare(knowledge, cache),
        site=read_site(settings.site, knowledge, {*formulary.drugs, *formulary.classes}) if settings.site else None,
        models=_models(settings),
    )


def _models(settings: Settings) -> Models | None:
    if settings.model is None:
        return None
    from yingzhi.agents.models.chat import Models

    return Models(settings.model)


def _lexicon(knowledge: Knowledge, cache: Path) -> Lexicon:
    """The compiled lexicon; its folded form is kept, keyed by the knowledge and by the code that folds."""
    folder = Path(str(lexicon_module.__file__)).parent
    code = hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in FOLDING)).hexdigest()[:8]
    path = cache / f"lexicon-{knowledge.hash}-{code}.json"
    try:
        return compile_lexicon(LexiconTable.model_validate_json(path.read_bytes()))
    except (FileNotFoundError, ValidationError):
        table = lexicon_table(knowledge.findings.values(), knowledge.diseases.values(), knowledge.drugs.drugs)
        write_atomically(path, table.model_dump_json().encode())
        return compile_lexicon(table)


def _rare(knowledge: Knowledge, cache: Path) -> RareArm:
    arm = RareArm(knowledge, cache)
    arm.prepare()
    return arm


def _priced(knowledge: Knowledge, path: Path) -> Knowledge:
    """The knowledge with the site's own prices.

    Raises:
        SettingsError: The file is not a table of investigation ids and CNY.
    """
    try:
        prices = PRICES.validate_python(read_yaml(path))
    except (ValidationError, KnowledgeError, OSError) as error:
        raise SettingsError(f"{path.name}: a table of investigation id and price in CNY is expected") from error
    unknown = prices.keys() - knowledge.investigations.keys()
    if unknown or any(p < 0 for p in prices.values()):
        raise SettingsError(f"{path.name}: {min(unknown) + ' is no investigation' if unknown else 'a price is below zero'}")
    tests = {i: t.model_copy(update={"price": prices[i]}) if i in prices else t for i, t in knowledge.investigations.items()}
    return dataclasses.replace(knowledge, investigations=tests)


def _retrievers(knowledge: Knowledge, settings: Settings, cache: Path) -> tuple[Retriever, ...]:
    """The built-in corpus, and the site's own collections if there are any."""
    path = cache / f"index-{knowledge.hash}-{RULES}"
    try:
        builtin = open_index(path)
    except ToolError:
        build_index(passages(knowledge), path)
        builtin = open_index(path)
    own = settings.home / "retrieval"
    return (builtin, open_retriever(settings.home)) if own.is_dir() else (builtin,)

"""`yingzhi prompts`: list, show, render, diff."""

from __future__ import annotations

import os
import sys
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from yingzhi.clinical.errors import SettingsError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from yingzhi.agents.specialist import Desk
    from yingzhi.clinical.presentation import Presentation

app = typer.Typer(no_args_is_help=True)
SHARED = ("repair", "verify")
"""Prompts that are of no specialist."""

NAME = Annotated[
    str,
    typer.Argument(
        help="history, differential, workup, pharmacology, documentation, challenge (the devil's advocate), "
        "repair (after a bad answer), verify (a second look at citations), or of the evals judge-reasoning, judge-summary, judge-questions."
    ),
]
LANG = Annotated[Literal["zh", "en"], typer.Option(help="Language of the prompt, which is also the language the model answers in.")]
FOLDER = Annotated[
    Path | None,
    typer.Option(
        "--prompts",
        help="Your own folder of prompts. A file there, e.g. differential.zh.md, takes the place of the built-in one of the same name.",
        metavar="DIR",
    ),
]
EXAMPLE = {
    "en": "A 78-year-old man has itched for a month; for a week he has had tense blisters on trunk and thighs. No sores in the mouth. "
    "He has diabetes and takes sitagliptin and amlodipine.",
    "zh": "患者男，78岁。躯干、大腿瘙痒1个月，起紧张性水疱1周。口腔无糜烂。糖尿病，口服西格列汀、氨氯地平。",
}


@app.command("list")
def list_(prompts: FOLDER = None) -> None:
    """List every prompt: its identity (name, language, version, hash of its words), what fills it, how long it is.

    The identity stands in every trace and result, so that an answer can be traced to the very words that asked for it.
    Length counts words before anything is filled in; two Chinese characters count as one word.
    """
    from yingzhi.prompts.load import load_prompt, prompt_names
    from yingzhi.prompts.words import words

    rows = [load_prompt(name, lang, prompts) for name, lang in prompt_names()]
    sys.stdout.write(f"{'prompt':<34} {'words':>5}  inputs\n")
    sys.stdout.writelines(f"{p.ref:<34} {words(p.body):>5}  {', '.join(p.inputs)}\n" for p in rows)


@app.command()
def show(name: NAME, lang: LANG = "en", prompts: FOLDER = None) -> None:
    """Print a prompt as it is written: front matter, then the template.

    A good start for your own: yingzhi prompts show differential --lang zh > my-prompts/differential.zh.md
    Edit it, raise its version, and look at the change with `yingzhi prompts diff`.
    """
    from yingzhi.prompts.load import load_prompt

    sys.stdout.write(load_prompt(name, lang, prompts).source)


@app.command()
def render(
    name: NAME,
    lang: LANG = "en",
    case: Annotated[
        str | None,
        typer.Option(help="A case as for `consult` (`-` = standard input); a small built-in example when left out.", metavar="FILE"),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="Fill an input by hand, e.g. --set 'record=no note'. Repeat for more.", metavar="KEY=VALUE"),
    ] = None,
    prompts: FOLDER = None,
) -> None:
    """Print the very words that a model would be sent for a case. No model is called.

    The playbooks run first, as in a consultation, so the prompt holds their real results. With YINGZHI_MODEL set, personal details are
    masked and tools described as that model's settings say; without it, they are masked, and described in words.

    What you give with --set takes the place of that; when every input is given, no case is worked up.

    `repair`, `verify` and the judges' have no case: yingzhi prompts render repair --set problem=… --set schema=…
    """
    from yingzhi.prompts.load import JUDGES, load_prompt
    from yingzhi.prompts.load import render as fill

    prompt = load_prompt(name, lang, prompts)
    given = dict(split_value(v) for v in values or [])
    inputs = given
    if name not in SHARED and not name.startswith(JUDGES) and not given.keys() >= set(prompt.inputs):
        inputs = inputs_of(name, lang, case) | given
    sys.stdout.write(fill(prompt, **inputs))


def split_value(text: str) -> tuple[str, str]:
    """`KEY=VALUE` in two.

    Raises:
        SettingsError: There is no `=` or no key.
    """
    key, sign, value = text.partition("=")
    if not sign or not key.isidentifier():
        raise SettingsError("--set: KEY=VALUE is expected")
    return key, value


def inputs_of(name: str, lang: Literal["zh", "en"], file: str | None) -> dict[str, str]:
    """What fills a specialist's prompt for a case: its playbook's state, written out as the model would be shown it."""
    from yingzhi.agents.models.chat import Models
    from yingzhi.agents.models.loop import Task, prompt_inputs
    from yingzhi.agents.models.session import open_session
    from yingzhi.agents.models.settings import ModelSettings
    from yingzhi.agents.specialist import Desk
    from yingzhi.cli.consult import read
    from yingzhi.clinical.presentation import Presentation
    from yingzhi.graphs.resources import open_resources
    from yingzhi.graphs.settings import Settings

    case: Presentation = read(file) if file else Presentation(id="example", text=EXAMPLE[lang])
    settings = Settings.from_environment(dict(os.environ))
    model = settings.model or ModelSettings(model="none", deidentify="always")
    desk = Desk(open_resources(settings.model_copy(update={"model": None})))
    view, result = worked_up(name, case, desk)
    return prompt_inputs(Task(name, lang, result, view, 1), desk, open_session(Models(model)), model.of(name))


def worked_up(name: str, case: Presentation, desk: Desk) -> tuple[dict[str, Any], BaseModel]:
    """The specialist's view and what its playbook gives; the devil's advocate has those of the differential."""
    from yingzhi.agents.team import TEAM

    target = "differential" if name == "challenge" else name
    state: dict[str, Any] = {"presentation": case}
    for specialist in TEAM:
        view = {key: state[key] for key in specialist.reads if key in state}
        state[specialist.name] = specialist.playbook(view, desk)
        if specialist.name == target:
            return {"presentation": case, **view}, state[target]
    raise SettingsError(f"{name}: no specialist has this name")  # pragma: no cover - the prompt would not have been found


@app.command()
def diff(
    name: NAME,
    lang: LANG = "en",
    against: Annotated[
        Path | None, typer.Option(help="Your own folder: how its prompt differs from the built-in one, line by line.", metavar="DIR")
    ] = None,
    prompts: FOLDER = None,
) -> None:
    """Compare your own prompt with the built-in one; without --against, compare the headings of the Chinese and the English one.

    A heading that one language has and the other lacks is a rule that half of your patients' cases are worked up without.
    Exit code 1 when they differ, as with diff.
    """
    lines = headings_apart(name, prompts) if against is None else words_apart(name, lang, against)
    sys.stdout.writelines(lines[1])
    raise typer.Exit(1 if lines[0] else 0)


def words_apart(name: str, lang: str, folder: Path) -> tuple[bool, list[str]]:
    """Whether a site's prompt differs from the built-in one, and the unified diff."""
    from difflib import unified_diff

    from yingzhi.prompts.load import load_prompt

    ours, theirs = load_prompt(name, lang), load_prompt(name, lang, folder)
    lines = list(unified_diff(ours.source.splitlines(True), theirs.source.splitlines(True), f"built-in {ours.ref}", f"own {theirs.ref}"))
    if not lines:
        own = (folder / ours.file).exists()
        return False, [f"{ours.file}: {'the same as the built-in one' if own else 'the folder has none, so the built-in one is used'}\n"]
    return True, lines


def headings_apart(name: str, folder: Path | None) -> tuple[bool, list[str]]:
    """Whether the two languages differ in structure, and their headings side by side; `!` marks where the levels part."""
    from yingzhi.prompts.headings import headings
    from yingzhi.prompts.load import load_prompt

    pairs = list(zip_longest(*(headings(load_prompt(name, lang, folder).body) for lang in ("en", "zh")), fillvalue=(0, "(none)")))
    lines = [f"{' ' if a[0] == b[0] else '!'} {'#' * max(a[0], b[0]):<3}{a[1]:<42} {b[1]}\n" for a, b in pairs]
    apart = any(a[0] != b[0] for a, b in pairs)
    return apart, [*lines, "the structures differ\n" if apart else f"the same structure, {len(pairs)} headings\n"]

"""Prompts as versioned files: read, checked, named, filled in.

A prompt is `<name>.<lang>.md`: front matter with `version` and `inputs`, then a Jinja body. What fills it is put in as a value and never
read as a template, so a record that holds template syntax comes out as it went in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from yingzhi.clinical.errors import SettingsError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment

FILE = re.compile(r"(?P<name>[a-z]+(?:-[a-z]+)*)\.(?P<lang>zh|en)\.md")
JUDGES = "judge-"
"""What the names of the prompts begin with by which the evals have a finished consultation judged; none is made with them."""
FRONT = re.compile(r"---\n(?P<front>.*?)^---\n(?P<body>.*)", re.DOTALL | re.MULTILINE)
TRIALS = ("", "x")
"""What every input is set to when a prompt is tried on being read: both branches of an `if` are run."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt in one language."""

    name: str
    lang: str
    version: int
    inputs: tuple[str, ...]
    body: str

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.name}.{self.lang}.md"

    @property
    def source(self) -> str:
        """Front matter and body, as a file holds them."""
        return f"---\nversion: {self.version}\ninputs: [{', '.join(self.inputs)}]\n---\n{self.body}"

    @property
    def ref(self) -> str:
        """Its identity in traces and pins: version and the first 8 hex digits of the body's SHA-256, e.g. `differential.zh@3+e5c9f79e`."""
        return f"{self.name}.{self.lang}@{self.version}+{hashlib.sha256(self.body.encode()).hexdigest()[:8]}"


def prompt_names() -> list[tuple[str, str]]:
    """Name and language of every built-in prompt, sorted."""
    found = (FILE.fullmatch(entry.name) for entry in files("yingzhi.prompts").iterdir())
    return sorted((m["name"], m["lang"]) for m in found if m)


def load_prompt(name: str, lang: str, root: Path | None = None) -> Prompt:
    """Read and check one prompt; it is kept, so a file that changes on disk is seen by the next process.

    Args:
        name: `history`, `differential`, `workup`, `pharmacology`, `documentation`, `challenge`, `repair`, `verify`, or `judge-` and a
            criterion.
        lang: `zh` or `en`.
        root: A site's own folder. A file there takes the place of the built-in one of the same name and must declare the same inputs,
            `schema` and `tools` only if wanted; what is not there is taken from the built-in ones.

    Raises:
        SettingsError: No such prompt or folder, wrong front matter, an input undeclared or unused, or a template that can't be run;
            the message begins with the file's name.
    """
    return _load(name, lang, root)


OPTIONAL = frozenset({"schema", "tools"})
"""What a site's prompt for a specialist may leave out: it may show the form by an example, and offer no tools in words."""


@lru_cache(maxsize=64)
def _load(name: str, lang: str, root: Path | None) -> Prompt:
    if (name, lang) not in prompt_names():
        there = ", ".join(dict.fromkeys(n for n, _ in prompt_names()))
        raise SettingsError(f"{name}.{lang}.md: there is no such prompt; there are {there}, each in zh and en")
    builtin = _read(name, lang, files("yingzhi.prompts"))
    if root is None:
        return builtin
    _check_folder(root)
    if not (root / builtin.file).exists():
        return builtin
    own = _read(name, lang, root)
    optional = OPTIONAL if set(builtin.inputs) > OPTIONAL else frozenset[str]()
    if not set(builtin.inputs) - optional <= set(own.inputs) <= set(builtin.inputs):
        needed = ", ".join(i for i in builtin.inputs if i not in optional)
        wanted = f"{needed}, and if wanted {', '.join(sorted(optional))}" if optional else needed
        raise SettingsError(f"{own.file}: inputs must be those of the built-in prompt: {wanted}")
    return own


def _check_folder(root: Path) -> None:
    """A misspelt file would be passed over in silence: refuse it."""
    if not root.is_dir():
        raise SettingsError(f"{root.name or root}: the folder of prompts is not there")
    known = {f"{n}.{lang}.md" for n, lang in prompt_names()}
    for path in sorted(root.glob("*.*.md")):
        if path.name not in known:
            raise SettingsError(f"{path.name}: no prompt has this name; there are {', '.join(sorted(known))}")


def _read(name: str, lang: str, folder: Traversable | Path) -> Prompt:
    file = f"{name}.{lang}.md"
    try:
        text = folder.joinpath(file).read_bytes().decode("utf-8-sig")  # with the mark that Windows editors put first
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: can't be read as UTF-8 text ({type(error).__name__})") from error
    parts = FRONT.fullmatch(text.replace("\r\n", "\n"))
    if not parts:
        raise SettingsError(f"{file}: front matter is expected first, between two lines of three dashes")
    version, inputs = _front(file, parts["front"])
    prompt = Prompt(name=name, lang=lang, version=version, inputs=inputs, body=parts["body"].strip("\n") + "\n")
    _check(prompt)
    return prompt


def _front(file: str, text: str) -> tuple[int, tuple[str, ...]]:
    import yaml

    try:
        front = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"{file}: the front matter is not YAML") from error
    if not isinstance(front, dict) or set(front) != {"version", "inputs"}:
        raise SettingsError(f"{file}: the front matter holds version and inputs, and nothing else")
    version, inputs = front["version"], front["inputs"]
    if type(version) is not int or version < 1:
        raise SettingsError(f"{file}: version must be a whole number from 1")
    if not isinstance(inputs, list) or not all(isinstance(i, str) and i.isidentifier() for i in inputs) or len(set(inputs)) < len(inputs):
        raise SettingsError(f"{file}: inputs must be a list of different names")
    return version, tuple(inputs)


def _check(prompt: Prompt) -> None:
    """Used and declared inputs agree, and the template runs."""
    from jinja2 import TemplateSyntaxError, meta

    try:
        used = meta.find_undeclared_variables(_environment().parse(prompt.body))
    except TemplateSyntaxError as error:
        raise SettingsError(f"{prompt.file} line {error.lineno} of the body: {error.message}") from error
    if undeclared := sorted(used - set(prompt.inputs)):
        raise SettingsError(f"{prompt.file}: {undeclared[0]} is used and not declared under inputs")
    if unused := sorted(set(prompt.inputs) - used):
        raise SettingsError(f"{prompt.file}: {unused[0]} is declared under inputs and not used")
    for value in TRIALS:
        _fill(prompt, dict.fromkeys(prompt.inputs, value))


def render(prompt: Prompt, /, **inputs: str) -> str:
    """The prompt with its inputs filled in, each as it is: nothing is escaped, nothing in a value is read as a template.

    Args:
        prompt: From `load_prompt`.
        inputs: One value for every declared input, by name; may be empty.

    Raises:
        SettingsError: An input is missing, not declared, or not text; the message names it and holds no value.
    """
    if missing := [i for i in prompt.inputs if i not in inputs]:
        raise SettingsError(f"{prompt.file}: the input {missing[0]} is missing")
    if extra := [i for i in inputs if i not in prompt.inputs]:
        raise SettingsError(f"{prompt.file}: {extra[0]} is no input of it; its inputs are {', '.join(prompt.inputs)}")
    if other := [i for i, value in inputs.items() if not isinstance(value, str)]:
        raise SettingsError(f"{prompt.file}: the input {other[0]} must be text")
    return _fill(prompt, inputs)


def _fill(prompt: Prompt, inputs: Mapping[str, str]) -> str:
    try:
        return _template(prompt.body).render(inputs)
    except Exception as error:  # a template can raise anything; the kind is all that may be said, the rest could hold the record
        raise SettingsError(f"{prompt.file}: the template can't be run ({type(error).__name__})") from None


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.globals.clear()  # a prompt places its inputs; it has no use for range, lipsum and the like
    return environment


@lru_cache(maxsize=64)
def _template(body: str) -> Template:
    return _environment().from_string(body)

"""The tool loop: a specialist's model is asked, calls tools, and ends with a proposal that fits its form."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from yingzhi.agents.models.budget import BudgetSpent
from yingzhi.agents.models.call import Line, ask
from yingzhi.agents.models.policy import CallFailed, last_object
from yingzhi.agents.models.session import Emit, Session
from yingzhi.agents.models.settings import ModelSettings
from yingzhi.agents.models.tools import ALLOWED, Bench, call_tool
from yingzhi.agents.models.view import id_list, record_text, result_text, schema_of, schema_text
from yingzhi.agents.proposals import FORMS
from yingzhi.agents.specialist import Desk, View
from yingzhi.clinical.errors import MalformedResult, SettingsError
from yingzhi.clinical.remark import ModelUse
from yingzhi.clinical.words import Language
from yingzhi.prompts.load import load_prompt, render
from yingzhi.tools.untrusted import Unlinker, data_block, strip_invisible

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage

PARALLEL = 8
"""Tool calls of one answer that are run; more are told to come later."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a model is asked to do."""

    name: str
    """Specialist, or `challenge`."""
    language: Language
    result: BaseModel
    """What the playbook found."""
    view: View
    version: int


async def propose(task: Task, desk: Desk, session: Session, emit: Emit) -> tuple[BaseModel | None, ModelUse]:
    """Ask a specialist's model for a proposal.

    Returns:
        The proposal, unmasked and in form but believed in nothing; None with the reason in the second part. Never raises for what a
        model, its endpoint or its budget does.
    """
    try:
        chat = session.models.for_specialist(task.name)
        settings = session.models.settings.of(task.name)
    except SettingsError:
        return None, ModelUse(specialist=task.name, model="", outcome="failed", reason="settings", version=task.version)
    if chat is None:
        return None, ModelUse(specialist=task.name, model="", outcome="skipped", reason="works without a model", version=task.version)
    line = line_to(task.name, chat, settings, session, emit, "proposal")
    began = perf_counter()
    found: BaseModel | None = None
    outcome, reason, ref = "used", "", ""
    try:
        ref = load_prompt(task.name, task.language, settings.prompt_root).ref
        async with asyncio.timeout(max(0.001, min(settings.specialist_seconds, session.budget.seconds_left()))):
            found = await _talk(task, desk, session, line)
    except BudgetSpent as end:
        outcome, reason = "partial", f"budget: {end.args[0]}"
    except CallFailed as error:
        outcome, reason = "failed", error.kind
    except MalformedResult:
        outcome, reason = "failed", "malformed"
    except TimeoutError:
        outcome, reason = "failed", "deadline"
    except Exception as error:  # whatever else a model or a prompt brings about, the playbook's result stands
        outcome, reason = "failed", type(error).__name__
    tally = line.tally
    return found, ModelUse(
        specialist=task.name,
        model=settings.model,
        outcome=outcome,  # type: ignore[arg-type]
        reason=reason,
        calls=tally.calls,
        tokens_in=tally.tokens_in,
        tokens_out=tally.tokens_out,
        cost=round(tally.cost, 6),
        seconds=round(perf_counter() - began, 3),
        prompt=ref,
        version=task.version,
    )


def prompt_inputs(task: Task, desk: Desk, session: Session, settings: ModelSettings) -> dict[str, str]:
    """The values of a prompt's inputs: outside text as delimited data, masked if it leaves the machine."""

    def block(name: str, text: str) -> str:
        made = session.blocks.get((name, text))
        if made is None:
            made = session.blocks[name, text] = data_block(name, strip_invisible(session.mask(text)), session.key)
        return made

    return {
        "record": block("record", record_text(task.view)),
        "result": block("result", result_text(task.name, task.result, task.view, settings.brief)),
        "ids": block("ids", id_list(task.name, task.result, task.view, desk.resources, settings.brief)),
        "schema": schema_text(task.name),
        "tools": _described(task.name) if settings.offers == "prompted" and ALLOWED[task.name] else "",
    }


def prompt_text(task: Task, desk: Desk, session: Session) -> str:
    """The whole prompt of a task."""
    settings = session.models.settings.of(task.name)
    prompt = load_prompt(task.name, task.language, settings.prompt_root)
    given = prompt_inputs(task, desk, session, settings)
    return render(prompt, **{name: given[name] for name in prompt.inputs})


async def _talk(task: Task, desk: Desk, session: Session, line: Line) -> BaseModel:
    settings = line.settings
    shown, text = session.prompts.pop(task.name, (None, ""))
    if shown is not task.result:
        text = prompt_text(task, desk, session)
    messages = opening_turns(text, session)
    bench = Bench(desk, task.view, session.shelf)
    offered = bool(ALLOWED[task.name]) and settings.offers != "none" and settings.model not in session.models.toolless
    try:
        answer = await _rounds(task, session, line, messages, bench, offered)
    except CallFailed as error:
        if error.kind != "bad-request" or not offered:
            raise
        answer = await _rounds(task, session, line, messages, bench, False)
        session.models.toolless.add(settings.model)  # so it was the tools: from now on it is asked without
    return await in_form(task.name, task.language, session, line, messages, answer)


def opening_turns(text: str, session: Session) -> list[BaseMessage]:
    """A rendered prompt as messages: the rules as the system's, and from the record on the user's."""
    from langchain_core.messages import HumanMessage, SystemMessage

    rules, mark, data = text.partition(f'<data name="record" key="{session.key}">')
    return [SystemMessage(rules.strip()), HumanMessage((mark + data).strip())] if mark else [HumanMessage(text)]


async def in_form(
    name: str, language: Language, session: Session, line: Line, messages: Sequence[BaseMessage], answer: AIMessage
) -> BaseModel:
    """What an answer holds, unmasked; if it is not in its form, the model is asked once more, without tools.

    Args:
        name: Of the form.
        language: Of the prompt that asks again.
        session: The run's.
        line: The way to the model.
        messages: What the answer was given to.
        answer: Of the model.

    Raises:
        MalformedResult: The second answer is not in its form either.
        CallFailed: The second could not be had.
        BudgetSpent: Nothing is left for it.
    """
    from langchain_core.messages import HumanMessage

    try:
        return _formed(name, answer, session)
    except MalformedResult as error:
        repair = load_prompt("repair", language, line.settings.prompt_root)
        asked = [*messages, answer, HumanMessage(render(repair, problem=str(error), schema=schema_text(name)))]
        return _formed(name, await ask(line, asked, (), response_form(name, line.settings)), session)


async def _rounds(task: Task, session: Session, line: Line, messages: list[BaseMessage], bench: Bench, offered: bool) -> AIMessage:
    """Ask and run tools until the model stops calling them; in the last round it has none."""
    settings = line.settings
    cache: dict[str, str] = {}
    native = settings.offers == "native"
    for left in range(settings.tool_rounds if offered else 0, -1, -1):
        schemas = [t.schema() for t in ALLOWED[task.name]] if native and left else []
        answer = await ask(line, messages, schemas, None if schemas else response_form(task.name, settings))
        results = _native_results(task, session, answer, bench, cache) if native else _prompted_results(task, session, answer, bench, cache)
        if not results or not left:
            return answer
        messages += [answer, *results]
    raise MalformedResult("no answer")  # pragma: no cover - the loop always returns in its last round


def response_form(name: str, settings: ModelSettings) -> dict[str, Any] | None:
    """How JSON is asked for by the protocol; None where only the prompt asks."""
    if settings.asks_json == "schema":
        return {"type": "json_schema", "json_schema": {"name": name, "schema": schema_of(name, settings.brief)}}
    if settings.asks_json == "object-schema":
        return {"type": "json_object", "schema": schema_of(name, settings.brief)}
    return {"type": "json_object"} if settings.asks_json == "object" else None


def _native_results(task: Task, session: Session, answer: AIMessage, bench: Bench, cache: dict[str, str]) -> list[BaseMessage]:
    from langchain_core.messages import ToolMessage

    results: list[BaseMessage] = []
    taken: set[str] = set()
    for number, call in enumerate(answer.tool_calls):
        key = call["id"] or f"call-{number}"
        if key in taken:  # two calls under one id: the second can't be answered apart
            continue
        taken.add(key)
        if number >= PARALLEL:
            words = json.dumps({"error": f"at most {PARALLEL} calls at once"})
        else:
            words, _ = call_tool(task.name, call["name"], session.unmask(call["args"]), bench, cache)
        results.append(ToolMessage(_as_data(words, session), tool_call_id=key))
    for broken in answer.invalid_tool_calls:
        key = broken["id"] or "call-invalid"
        if key not in taken:
            taken.add(key)
            results.append(ToolMessage(json.dumps({"error": "the arguments are not JSON"}), tool_call_id=key))
    return results


def _prompted_results(task: Task, session: Session, answer: AIMessage, bench: Bench, cache: dict[str, str]) -> list[BaseMessage]:
    from langchain_core.messages import HumanMessage

    try:
        asked = last_object(str(answer.text))
    except MalformedResult:
        return []
    if not isinstance(asked.get("tool"), str) or not isinstance(asked.get("arguments"), dict):
        return []
    words, _ = call_tool(task.name, str(asked["tool"]), session.unmask(asked["arguments"]), bench, cache)
    return [HumanMessage(_as_data(words, session))]


def _as_data(words: str, session: Session) -> str:
    return data_block("tool-result", strip_invisible(session.mask(words)), session.key)


def _formed(name: str, answer: AIMessage, session: Session) -> BaseModel:
    value = session.unmask(last_object(str(answer.text)))
    try:
        return FORMS[name].model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise MalformedResult(f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from None


def _described(name: str) -> str:
    tools: Sequence[dict[str, Any]] = [t.schema()["function"] for t in ALLOWED[name]]
    return json.dumps(tools, ensure_ascii=False)


def line_to(name: str, chat: BaseChatModel, settings: ModelSettings, session: Session, emit: Emit, section: str) -> Line:
    """The way to a specialist's model, with what it says and does told as events."""
    unlinker = Unlinker()  # these words nobody has checked yet; a front end that renders them must not fetch or offer what they name

    def say(words: str) -> None:
        if shown := unlinker.take(words) if words else unlinker.rest():
            emit("model.delta", {"specialist": name, "section": section, "text": shown})

    def tell(kind: str, fields: dict[str, Any]) -> None:
        emit(kind, {"specialist": name, **fields})

    return Line(chat, settings, session.budget, session.models.breaker_of(settings.url), say, tell, session.models.turn_of(settings))

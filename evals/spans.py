"""A trace as a tree of spans with the names of OpenTelemetry's GenAI conventions and of OpenInference.

Names: github.com/open-telemetry/semantic-conventions-genai (docs/gen-ai, in development) and github.com/Arize-ai/openinference
(spec/semantic_conventions.md), as of 2026. What neither has a name for begins with `yingzhi.`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yingzhi.clinical.remark import ModelUse
from yingzhi.evals.runs import Scored
from yingzhi.evals.score import CRASHED
from yingzhi.evals.trace import Trace

Attributes = dict[str, str | bool | int | float | list[str]]

PROVIDER = "openai"
"""The protocol that models are spoken to in, which is what the convention asks for; who answers, a trace does not say."""
RETRIEVERS = frozenset({"search", "search_evidence"})
"""Tools that look passages up."""
PLAIN = re.compile(r"[\w.:-]{1,80}", re.ASCII)
"""What an id, a name of a tool or a kind of error looks like; a sentence, or anything Chinese, does not."""


@dataclass(slots=True)
class Node:
    """A span before it is one. Times in seconds from the start of the consultation."""

    name: str
    kind: str
    """Of OpenInference."""
    began: float
    ended: float
    attributes: Attributes
    error: str = ""
    """Kind of error that ended it."""
    events: list[tuple[str, Attributes]] = field(default_factory=list)
    """At its end."""
    children: list[Node] = field(default_factory=list)


def tree_of(trace: Trace, scored: Scored | None = None, gates: Iterable[str] = (), *, with_text: bool = False) -> Node:
    """The consultation, its specialists under it, their calls of tools and models under them.

    Args:
        trace: A stored run of a case.
        scored: Its scores, if it was scored.
        gates: Names of the scorers of which anything below 1 is a breach.
        with_text: Whether the record, the drafts and the scorers' reasons come along.
    """
    known = any("at" in e for e in trace.events)
    by_specialist: dict[str, list[dict[str, Any]]] = {}
    for event in trace.events if known else timed(trace.events):
        name = event.get("specialist") or ("challenge" if event.get("type") == "challenge.raised" else "")
        if name := _plain(name):
            by_specialist.setdefault(name, []).append(event)
    c = trace.consultation
    root = Node("invoke_workflow yingzhi", "CHAIN", 0.0, trace.seconds, {
        "gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "yingzhi", "yingzhi.case": trace.case,
        "yingzhi.language": trace.lang, "yingzhi.epoch": trace.epoch, "yingzhi.status": c.status if c else "failed",
        "yingzhi.times": "recorded" if known else "from durations",
    }, error=_error(trace.error))  # fmt: skip
    used = {u.specialist: u for u in c.model_use} if c else {}
    faults = {f.specialist: f.reason for f in c.faults if not f.standing} if c else {}
    root.children = [_agent(n, events, used.get(n), faults.get(n, ""), trace) for n, events in by_specialist.items()]
    if scored is not None:
        root.attributes["tag.tags"] = list(scored.labels)
        root.events = list(_evaluations(scored, frozenset(gates), with_text))
    if with_text:
        root.attributes |= _texts(trace)
    return _enclosing(root)


def timed(events: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Events of a trace that kept no times, with what their durations and order tell: what is not measured takes none."""
    clock = 0.0
    began: dict[str, float] = {}
    for event in events:
        name, spent = str(event.get("specialist", "")), event.get("milliseconds", 0.0) / 1000
        kind = event["type"]
        if kind == "specialist.started":
            began[name] = clock
        elif kind == "specialist.finished":
            clock = max(clock, began.get(name, clock) + spent)
        else:
            clock += spent
        yield {**event, "at": clock}


def _agent(name: str, events: Sequence[Mapping[str, Any]], use: ModelUse | None, fault: str, trace: Trace) -> Node:
    times = [float(e["at"]) for e in events]
    node = Node(f"invoke_agent {name}", "AGENT", min(times), max(times), {
        "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name, "agent.name": name,
    })  # fmt: skip
    last = next((e for e in reversed(events) if e["type"] == "specialist.finished"), None)
    if last is not None and not last.get("ok", True):
        node.error = _error(fault or "_OTHER")
    asked = sum(e["type"] == "model.called" for e in events)
    model = use.model if use else (trace.consultation.pins.model if trace.consultation else "")
    node.children = list(_calls(events, node.ended, model))
    if use is not None:
        node.attributes |= {"gen_ai.request.model": use.model, **_usage(use), **_prompt(use), "yingzhi.model.outcome": use.outcome}
        if use.reason:
            node.attributes["yingzhi.model.reason"] = use.reason
        counted = node
        if asked == 1:  # only then is it known which request they belong to
            counted = next(c for c in node.children if c.kind == "LLM")
            counted.attributes |= {**_usage(use), **_prompt(use)}
        counted.attributes |= {
            "llm.token_count.prompt": use.tokens_in, "llm.token_count.completion": use.tokens_out,
            "llm.token_count.total": use.tokens_in + use.tokens_out,
        }  # fmt: skip
    return node


def _calls(events: Sequence[Mapping[str, Any]], end: float, model: str) -> Iterator[Node]:
    """Calls with their returns, first come first served; one that never returned lasts to the end."""
    waiting = [e for e in events if e["type"] in {"tool.returned", "model.returned"}]
    for call in events:
        if call["type"] not in {"tool.called", "model.called"}:
            continue
        kind = call["type"].removesuffix("called") + "returned"
        answer = next((e for e in waiting if e["type"] == kind and e.get("tool") == call.get("tool")), None)
        began, ended = float(call["at"]), end
        if answer is not None:
            waiting.remove(answer)
            ended = began + answer["milliseconds"] / 1000 if "milliseconds" in answer else float(answer["at"])
        error = "" if answer is None or answer.get("ok", True) else _error(answer.get("error") or "_OTHER")
        if kind == "tool.returned":
            yield Node(f"execute_tool {_plain(call['tool'])}", "RETRIEVER" if call["tool"] in RETRIEVERS else "TOOL", began, ended, {
                "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": _plain(call["tool"]), "gen_ai.tool.type": "function",
                "tool.name": _plain(call["tool"]), **_about(call),
            }, error)  # fmt: skip
        else:
            yield Node(f"chat {model}".strip(), "LLM", began, ended, {
                "gen_ai.operation.name": "chat", "gen_ai.provider.name": PROVIDER, "yingzhi.model.attempt": call.get("attempt", 1),
                **({"gen_ai.request.model": model, "llm.model_name": model} if model else {}),
            }, error)  # fmt: skip


def _about(call: Mapping[str, Any]) -> Attributes:
    ids = [i for i in call.get("about", ()) if isinstance(i, str) and PLAIN.fullmatch(i)]
    return {"yingzhi.tool.about": ids} if ids else {}


def _usage(use: ModelUse) -> Attributes:
    return {"gen_ai.usage.input_tokens": use.tokens_in, "gen_ai.usage.output_tokens": use.tokens_out}


def _prompt(use: ModelUse) -> Attributes:
    name, _, version = use.prompt.partition("@")
    return {"gen_ai.prompt.name": name, "gen_ai.prompt.version": version} if name else {}


def _evaluations(scored: Scored, gates: frozenset[str], with_text: bool) -> Iterator[tuple[str, Attributes]]:
    """One event a score; what was not scored is none, unless its scorer crashed."""
    for name, score in scored.scores.items():
        attributes: Attributes = {"gen_ai.evaluation.name": name}
        if score.value is not None:
            attributes["gen_ai.evaluation.score.value"] = float(score.value)
            if name in gates:
                attributes["gen_ai.evaluation.score.label"] = "pass" if score.value >= 1 else "fail"
        elif score.why.startswith(CRASHED):
            attributes["error.type"] = _error(score.why.removeprefix(CRASHED).strip(": "))
        else:
            continue
        if with_text and score.why:  # it may quote
            attributes["gen_ai.evaluation.explanation"] = score.why
        yield "gen_ai.evaluation.result", attributes


def _texts(trace: Trace) -> Attributes:
    """The record that came in and the drafts that went out."""
    given = [trace.presentation.text, *(r.text for r in trace.presentation.reports)]
    drafts = [d.text() for d in trace.consultation.documents] if trace.consultation else []
    return {
        "input.value": "\n\n".join(given), "input.mime_type": "text/plain", "gen_ai.input.messages": _message("user", given),
        "output.value": "\n\n".join(drafts), "output.mime_type": "text/plain",
        "gen_ai.output.messages": _message("assistant", drafts, finish_reason="stop"),
    }  # fmt: skip


def _message(role: str, parts: Sequence[str], **more: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": p} for p in parts], **more}], ensure_ascii=False)


def _enclosing(node: Node) -> Node:
    """Every span lasts as long as those under it: a playbook may have been run before its specialist's turn."""
    for child in node.children:
        _enclosing(child)
        node.began, node.ended = min(node.began, child.began), max(node.ended, child.ended)
    return node


def _plain(word: object) -> str:
    """A name or kind as it is; anything else is not one, and stays here."""
    return word if isinstance(word, str) and PLAIN.fullmatch(word) else ""


def _error(kind: str) -> str:
    """The kind of an error; `_OTHER`, as the convention has it, if what was kept is not one."""
    return (_plain(kind) or "_OTHER") if kind else ""

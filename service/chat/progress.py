"""A run's events as lines that a doctor can read while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from yingzhi.clinical.words import Language
from yingzhi.graphs.events import EVENT
from yingzhi.service.feeds import Told
from yingzhi.service.markdown.blocks import strong
from yingzhi.service.markdown.escape import escape
from yingzhi.service.markdown.head import alert_line, specialist_name
from yingzhi.tools.differential import percent

Progress = Literal["quote", "details", "reasoning", "none"]
"""How progress is shown: in a quotation, folded away, as a model's thinking, or not at all."""
LEADING = 3
DOES: dict[str, tuple[str, str]] = {
    "history": ("reads the record", "研读病历与报告"),
    "differential": ("weighs diagnoses", "权衡鉴别诊断"),
    "workup": ("plans tests", "规划检查路径"),
    "pharmacology": ("checks drug safety", "核查用药安全"),
    "documentation": ("writes drafts", "起草文书"),
}


def progress_line(told: Told, language: Language) -> str | None:
    """The line for an event; None where there is nothing to say about it."""
    line = LINES.get(told[1])
    return line(EVENT.validate_json(told[2]), language) if line else None


def _again(event: Any, language: Language) -> str | None:
    if event.attempt < 2:
        return None
    return "服务中断后重新开始。" if language == "zh" else "Begun again after an interruption."


def _works(event: Any, language: Language) -> str | None:
    en, zh = DOES.get(event.specialist, ("works", "工作中"))
    name = strong(specialist_name(event.specialist, language))
    return f"{name} {zh}……" if language == "zh" else f"{name} {en} …"


def _leads(event: Any, language: Language) -> str | None:
    named = [f"{escape(s.zh if language == 'zh' else s.en)} {percent(s.probability)}" for s in event.leading[:LEADING]]
    if not named:
        return None
    return f"{strong('暂列前位')} {'、'.join(named)}" if language == "zh" else f"{strong('Leading now')} {', '.join(named)}"


def _tests(event: Any, language: Language) -> str | None:
    count, price = len(event.recommended), f"{event.price:.0f}"
    return f"建议检查{count}项，约{price}元。" if language == "zh" else f"{count} tests recommended now, about {price} CNY."


def _failed(event: Any, language: Language) -> str | None:
    if event.ok:
        return None
    name = strong(specialist_name(event.specialist, language))
    return f"{name} 运行失败，相关内容未核查。" if language == "zh" else f"{name} failed: what it would have checked is not checked."


def _asks(event: Any, language: Language) -> str | None:
    if event.attempt > 1:
        return None
    name = strong(specialist_name(event.specialist, language))
    return f"{name} 征询语言模型……" if language == "zh" else f"{name} asks the language model …"


def _silent(event: Any, language: Language) -> str | None:
    if event.ok:
        return None
    name, why = strong(specialist_name(event.specialist, language)), escape(event.error)
    return f"{name} 语言模型未答（{why}）。" if language == "zh" else f"{name}: the language model did not answer ({why})."


def _drafted(event: Any, language: Language) -> str | None:
    return f"{'文书草稿：' if language == 'zh' else 'Draft: '}{escape(event.title)}"


LINES: dict[str, Callable[[Any, Language], str | None]] = {
    "run.started": _again,
    "specialist.started": _works,
    "alert.raised": lambda event, language: alert_line(event.alert, language),
    "differential.updated": _leads,
    "workup.updated": _tests,
    "model.called": _asks,
    "model.returned": _silent,
    "document.drafted": _drafted,
    "specialist.finished": _failed,
}

"""The drafts, a model's remarks kept apart from rules, the sources, and what the result was made with."""

from __future__ import annotations

from collections.abc import Iterator

from yingzhi.clinical.citation import Citation
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.document import Document
from yingzhi.clinical.remark import Remark
from yingzhi.clinical.words import Text
from yingzhi.service.markdown.blocks import bullets, code, heading, quoted, strong
from yingzhi.service.markdown.escape import escape
from yingzhi.service.markdown.head import specialist_name

STANCE = {"for": Text(en="for", zh="支持"), "against": Text(en="against", zh="反对"), "note": Text(en="note", zh="备注")}
UNCHECKED = Text(
    en="A language model wrote this. No rule confirms it, and nothing above rests on it.",
    zh="以下为语言模型所写，未经规则核实，以上结论均不以此为据。",
)
FULL = "outpatient-record"


def remarks(c: Consultation) -> Iterator[str]:
    """What a language model added, its doubts, and where it failed."""
    if not c.model_use and not c.remarks and not c.doubts:
        return
    zh = c.lang == "zh"
    yield heading(c.lang, "The model's remarks (checked by no rule)", "模型补充意见（未经规则核实）")
    yield UNCHECKED.say(c.lang)
    if c.remarks:
        yield bullets(_remark(r, c) for r in c.remarks)
    if c.doubts:
        yield strong("反方意见（针对首位诊断）：" if zh else "Against the leading diagnosis:")
        yield bullets(_remark(d, c) for d in c.doubts)
    failed = [u for u in c.model_use if u.outcome in {"failed", "partial"}]
    if failed:
        named = ", ".join(f"{specialist_name(u.specialist, c.lang)} ({escape(u.reason)})" for u in failed)
        yield ("模型未完成，按规则结果：" if zh else "The model failed; the rules' result stands: ") + named
    if c.model_use:
        calls, dropped = sum(u.calls for u in c.model_use), sum(len(u.dropped) for u in c.model_use)
        spent = f"{calls} 次调用，{dropped} 条建议未采纳" if zh else f"{calls} calls, {dropped} proposals not taken"
        yield f"{code(c.model_use[0].model)} · {spent}"


def _remark(r: Remark, c: Consultation) -> str:
    about = f" {code(r.about)}" if r.about else ""
    cited = "".join(f" {code(s)}" for s in r.citations)
    return f"{strong(STANCE[r.stance].say(c.lang))}{about} · {escape(r.text)}{cited} — {code(r.by)}"


def drafts(c: Consultation) -> Iterator[str]:
    """The outpatient record in full, the other drafts by name."""
    yield heading(c.lang, "Drafts", "文书草稿")
    if not c.documents:
        yield "没有文书草稿：该部分运行失败。" if c.lang == "zh" else "There are no drafts: this part failed."
        return
    for document in c.documents:
        if document.kind == FULL:
            yield quoted(_paragraphs(document))
    others = [escape(d.title) for d in c.documents if d.kind != FULL]
    if others:
        yield ("另有草稿：" if c.lang == "zh" else "Also drafted: ") + ("、" if c.lang == "zh" else ", ").join(others)


def _paragraphs(document: Document) -> Iterator[str]:
    joiner = "" if document.language == "zh" else " "
    yield strong(escape(document.title))
    yield f"*{escape(document.label)}*"
    for section in document.sections:
        yield f"{strong(escape(section.title))} — {joiner.join(escape(s.text) for s in section.sentences)}"


def sources(c: Consultation) -> Iterator[str]:
    """Everything that is cited, to be looked up; no links, as a source may be of anybody's making."""
    if c.sources:
        yield heading(c.lang, "Sources", "依据")
        yield bullets(_source(s, c) for s in c.sources)


def _source(s: Citation, c: Consultation) -> str:
    parts = [escape(p) for p in (s.body, s.title, str(s.year or ""), s.jurisdiction, s.grade) if p]
    parts += [f"{name} {code(value)}" for name, value in (("DOI", s.doi), ("PMID", s.pmid)) if value]
    if s.url and not (s.doi or s.pmid):
        parts.append(code(s.url))
    if s.superseded_by:
        parts.append(("已被取代：" if c.lang == "zh" else "superseded by ") + code(s.superseded_by))
    return f"{code(s.id)} {' · '.join(parts)}"


def pins(c: Consultation) -> Iterator[str]:
    """What the result was made with, in one line."""
    model = code(c.pins.model) if c.pins.model else ("无" if c.lang == "zh" else "none")
    version = f"yingzhi {escape(c.pins.code)} · {code(c.pins.knowledge[:12])}"
    yield (
        f"第{c.version}轮 · {version} · 语言模型：{model}" if c.lang == "zh" else f"Round {c.version} · {version} · language model: {model}"
    )

"""Interprets a report: specimen, adequacy, conclusion, findings, contradictions, and what must be left aside."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from yingzhi.clinical.finding import Status
from yingzhi.clinical.report import Adequacy, Certainty, Contradiction, InterpretedReport, ReportFinding, ReportKind
from yingzhi.clinical.words import Span, Text
from yingzhi.tools.immunofluorescence import read_deposits
from yingzhi.tools.labs.units import fold
from yingzhi.tools.report_parts import detect_kind, find_reports

SHOWS: dict[ReportKind, frozenset[str]] = {
    "pathology": frozenset({"histology", "microbiology", "genetics"}),
    "immunofluorescence": frozenset({"immunofluorescence"}),
    "dermoscopy": frozenset({"dermoscopy"}),
    "microbiology": frozenset({"microbiology"}),
    "imaging": frozenset({"imaging"}),
    "laboratory": frozenset({"lab", "microbiology", "immunofluorescence", "genetics"}),
    "other": frozenset({"histology", "immunofluorescence", "dermoscopy", "lab", "microbiology", "imaging", "genetics"}),
}
"""Kinds of finding that a kind of report can show. "Ulcer" in a pathologist's text is no clinical sign of its own."""

CLINICAL = re.compile(
    r"(?:临床(?:诊断|资料|病史|表现|印象|所见)|送检诊断|病史摘要?|简要病史|申请(?:诊断|目的)|检查目的"
    r"|clinical (?:history|diagnosis|information|details|impression|data|features)"
    r"|indication|reason for (?:request|examination)|history)\s*[:][^\n。]*"
)
SPECIMEN = re.compile(
    r"(?:送检(?:标本|组织|材料|部位)|标本(?:名称|类型|来源)?|取材部位|活检部位|检查部位|specimen(?: type"
    r"| site)?|biopsy site|site of biopsy|source)\s*[:]\s*(?P<what>[^。;\n]{1,80})"
)
INADEQUATE = re.compile(
    r"标本不足|组织(?:过少|太少|量不足)|不足以诊断|无法(?:作出)?诊断|标本不合格|自溶|insufficient|inadequate"
    r"|non-?diagnostic|unsatisfactory|quantity not sufficient|autolys"
)
LIMITED = re.compile(
    r"标本(?:较|过)?(?:表)?浅|取材(?:较|过)?(?:表)?浅|未达皮下|挤压变形|组织破碎|superficial (?:biopsy|sample"
    r"|specimen)|limited (?:specimen|sample|material)|too superficial|crush arte?fact|fragmented"
)
ADEQUATE = re.compile(r"标本(?:满意|合格|足够)|(?<!in)adequate|satisfactory specimen")
FORMALIN = re.compile(r"甲醛|福尔马林|formalin|formaldehyde")
NOT_FORMALIN = re.compile(
    r"(?:非|未用|禁用|勿用|not(?: in)?|never(?: in)?|without)\s*(?:置于|入)?\s*(?:甲醛|福尔马林|formalin"
    r"|formaldehyde)"
)
LABELLED = re.compile(
    r"(?:病理诊断|诊断意见|最终诊断|(?<!临床)(?<!送检)(?<!申请)诊断|结论|印象|检查提示|提示|意见"
    r"|final diagnosis|(?<!clinical )diagnosis|conclusions?|(?<!clinical )impression|interpretation|opinion)"
    r"\s*[:]\s*(?P<what>[^\n]{2,240}?)(?=。|\n|\.\s|\.?$)"
)
PHRASED = re.compile(
    r"(?:符合|考虑(?:为)?|支持|倾向于?|诊断为|提示|consistent with|compatible with|in keeping with"
    r"|suggestive of|suspicious for|diagnostic of|favou?rs?|indicative of)(?P<what>[^\n。;.]{2,160})"
)
SUSPECTED = re.compile(
    r"考虑|倾向|可疑|疑似|可能|不除外|不能除外|待排|suspicious|suggest|possible|possibly|probable|probably"
    r"|cannot (?:be )?exclude|favou?r|\?"
)
COMPATIBLE = re.compile(r"符合|支持|consistent|compatible|in keeping|indicative")
RULED_OUT = re.compile(r"排除(?!外)|未见[^。\n]{0,12}证据|不支持|no evidence of|excluded|not supportive")
ALL_NEGATIVE = re.compile(
    r"(?:免疫荧光|(?<![a-z])dif(?![a-z])|immunofluorescence|镜检|涂片|培养|culture|koh|smear|stain"
    r"|染色)[^。;\n]{0,24}?(?:阴性|negative|无(?:细|真)?菌生长|no growth|未见(?:真菌|菌丝|细菌|异常))"
    r"|(?:ig[gam][、,，/和及 and]*){2,}[^。;\n]{0,20}?(?:均|皆|都|all)?\s*(?:为)?\s*(?:阴性|negative)"
)


class Mentioned(Protocol):
    """What the lexicon matcher gives: a finding, whether it is there, and where."""

    @property
    def id(self) -> str: ...
    @property
    def status(self) -> Status: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def interpret_report(
    text: str,
    kind: ReportKind | None,
    extract: Callable[[str], Iterable[Mentioned]],
    kind_of: Mapping[str, str],
    yields: Collection[str] = (),
    source: str = "report:0",
) -> InterpretedReport:
    """Read one report.

    Args:
        text: The report, Chinese, English or mixed.
        kind: Its kind; None has it detected.
        extract: The lexicon matcher; offsets count code points of its argument.
        kind_of: Kind of finding by id.
        yields: Findings that this test can show; a wholly negative test excludes them.
        source: What the spans are offsets into.

    Returns:
        The report, structured. Spans slice `text` back to what was read.
    """
    found_kind = kind or detect_kind(text)
    folded = fold(text)
    conclusion = _conclusion(text, folded, source)
    said = list(_mentions(text, folded, found_kind, extract, kind_of, source))
    used = [m for m in said if not m.why]
    findings, contradictions = _settle(used, conclusion)
    negative = not any(f.status == "present" for f in findings) and ALL_NEGATIVE.search(folded) is not None
    stated = {f.id for f in findings}
    adequacy, reason = _adequacy(folded, found_kind)
    specimen = SPECIMEN.search(folded)
    return InterpretedReport(
        kind=found_kind,
        span=_span(text, 0, len(text), source),
        specimen=_span(text, *specimen.span("what"), source) if specimen else None,
        adequacy=adequacy,
        adequacy_reason=reason,
        conclusion=conclusion,
        certainty=_certainty(folded, conclusion),
        outcome="positive" if any(f.status == "present" for f in findings) else "negative" if negative else "unknown",
        findings=findings,
        excluded=sorted(set(yields) - stated) if negative and adequacy != "inadequate" else [],
        contradictions=contradictions,
        ignored=[m for m in said if m.why],
    )


def _mentions(
    text: str, folded: str, kind: ReportKind, extract: Callable[[str], Iterable[Mentioned]], kind_of: Mapping[str, str], source: str
) -> Iterable[ReportFinding]:
    clinical = [m.span() for m in CLINICAL.finditer(folded)]
    read: list[Mentioned] = [m for m in extract(text) if m.id in kind_of]
    if kind == "immunofluorescence":
        read += [d for d in read_deposits(text) if d.id in kind_of]
    for m in sorted(read, key=lambda m: (m.start, m.end)):
        inside = any(start <= m.start < end for start, end in clinical)
        why = "clinical-information" if inside else "" if kind_of[m.id] in SHOWS[kind] else "other-kind"
        yield ReportFinding.model_validate({"id": m.id, "status": m.status, "span": _span(text, m.start, m.end, source), "why": why})


def _settle(used: Sequence[ReportFinding], conclusion: Span | None) -> tuple[list[ReportFinding], list[Contradiction]]:
    """One record a finding. Where places disagree the conclusion decides; without one the finding is uncertain."""
    groups: dict[str, list[ReportFinding]] = {}
    for m in used:
        groups.setdefault(m.id, []).append(m)
    findings: list[ReportFinding] = []
    contradictions: list[Contradiction] = []
    for id_, group in groups.items():
        present = next((m for m in group if m.status == "present"), None)
        absent = next((m for m in group if m.status == "absent"), None)
        if present is None or absent is None:
            rank = {"present": 0, "absent": 0, "uncertain": 1, "unknown": 2}
            findings.append(min(group, key=lambda m: rank[m.status]))
            continue
        deciding = [m for m in group if conclusion and conclusion.start <= m.span.start < conclusion.end]
        settled: Status = deciding[-1].status if deciding else "uncertain"
        contradictions.append(Contradiction(id=id_, present=present.span, absent=absent.span, settled=settled))
        findings.append(ReportFinding(id=id_, status=settled, span=(deciding[-1] if deciding else present).span))
    return findings, contradictions


def _conclusion(text: str, folded: str, source: str) -> Span | None:
    clinical = [m.span() for m in CLINICAL.finditer(folded)]
    for pattern in (LABELLED, PHRASED):
        hits = [m for m in pattern.finditer(folded) if not any(a <= m.start() < b for a, b in clinical)]
        if hits:
            last = hits[-1]
            start, end = last.span("what") if pattern is LABELLED else last.span()
            return _span(text, *_trimmed(text, start, end), source)
    return None


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _certainty(folded: str, conclusion: Span | None) -> Certainty:
    if conclusion is None:
        return "none"
    words = folded[conclusion.start : conclusion.end]
    if RULED_OUT.search(words):
        return "excluded"
    if SUSPECTED.search(words):
        return "suspected"
    return "compatible" if COMPATIBLE.search(words) else "definite"


def _adequacy(folded: str, kind: ReportKind) -> tuple[Adequacy, Text | None]:
    if kind == "immunofluorescence" and FORMALIN.search(folded) and not NOT_FORMALIN.search(folded):
        return "inadequate", Text(en="fixed in formalin: immunofluorescence can't be read", zh="甲醛固定，免疫荧光不可判读")
    if INADEQUATE.search(folded):
        return "inadequate", Text(en="the report says that the specimen does not suffice", zh="报告注明标本不足以诊断")
    if LIMITED.search(folded):
        return "limited", Text(en="superficial, crushed or fragmented specimen", zh="标本表浅、挤压或破碎")
    return ("adequate", None) if ADEQUATE.search(folded) else ("not-stated", None)


def _span(text: str, start: int, end: int, source: str) -> Span:
    return Span(source=source, start=start, end=end, text=text[start:end])


__all__ = ["detect_kind", "find_reports", "interpret_report"]

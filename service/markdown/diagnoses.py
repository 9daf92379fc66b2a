"""The differential, the matrix of diagnosis and finding, the decision path."""

from __future__ import annotations

from collections.abc import Iterator

from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.differential import Cell, Diagnosis
from yingzhi.clinical.words import Text
from yingzhi.service.markdown.blocks import bullets, code, heading, numbered, say, strong, table
from yingzhi.service.markdown.escape import escape
from yingzhi.tools.differential import percent

SHOWN = 10
COLUMNS = 5
ROWS, SILENT = 12, 4
SIGNS = ((4.0, "+++"), (2.0, "++"), (0.0, "+"), (-2.0, "-"), (-4.0, "--"))
"""Lower bound of the weight in bits, and its sign."""
COMMON = {"common": Text(en="common", zh="常见"), "uncommon": Text(en="uncommon", zh="少见"), "rare": Text(en="rare", zh="罕见")}
CONFIDENCE = {
    "none": Text(en="none", zh="无"),
    "low": Text(en="low", zh="低"),
    "moderate": Text(en="moderate", zh="中"),
    "high": Text(en="high", zh="高"),
}
LEGEND = Text(
    en="+ supports, - opposes (three signs: by a factor above 16, two: above 4), ? not asked, · says nothing.",
    zh="+ 支持，- 不支持（三个：似然比超过16倍，两个：超过4倍），? 未询问，· 无关。",
)
MOVED = Text(
    en="A language model's opinion moved the probabilities within a bound; what must not be missed and the gates are the rules' own.",
    zh="概率含语言模型的意见，其影响有上限；勿漏诊断与检查门槛仅由规则决定。",
)
OF_MODEL = Text(en="† read by a model only; no rule confirms it.", zh="† 仅由模型读出，未经规则核实。")


def differential(c: Consultation) -> Iterator[str]:
    """The ranking, the dangerous ones that are still live, how sure it is."""
    zh = c.lang == "zh"
    yield heading(c.lang, "Differential", "鉴别诊断（常见到少见，附概率）")
    if c.confidence == "none" or not c.differential:
        yield "资料不足，无法形成有依据的鉴别诊断。" if zh else "The record does not allow a differential that rests on evidence."
    else:
        header = ("#", "诊断", "ICD-10", "概率", "频度", "") if zh else ("#", "Diagnosis", "ICD-10", "Probability", "Frequency", "")
        rows = [
            (
                str(n),
                escape(d.zh if zh else d.en),
                escape(d.icd10 or d.code()),
                percent(d.probability),
                COMMON[d.commonness].say(c.lang),
                _flag(d, c),
            )
            for n, d in enumerate(c.differential[:SHOWN], 1)
        ]
        yield table(header, [*rows, ("", "其他疾病" if zh else "something else", "", percent(c.other), "", "")])
        lead, state = (
            ("把握度：", "；已收敛" if c.converged else "；未收敛")
            if zh
            else ("Confidence: ", "; converged" if c.converged else "; not yet converged")
        )
        yield f"{lead}{CONFIDENCE[c.confidence].say(c.lang)}{state}{'。' if zh else '.'}"
        if any(u.specialist == "differential" and u.outcome in {"used", "partial"} for u in c.model_use):
            yield MOVED.say(c.lang)
        yield from _together(c)
    yield from _lane(c)


def _together(c: Consultation) -> Iterator[str]:
    if c.together:
        yield strong("可能两病并存：" if c.lang == "zh" else "Perhaps two diseases at once:")
        yield bullets(say(p.why, c.lang) for p in c.together)


def _flag(d: Diagnosis, c: Consultation) -> str:
    return strong("勿漏" if c.lang == "zh" else "do not miss") if d.id in c.must_not_miss else ""


def _lane(c: Consultation) -> Iterator[str]:
    live = {d.id: d for d in c.differential}
    if not c.must_not_miss:
        return
    yield strong("不可漏诊：" if c.lang == "zh" else "Must not be missed:")
    yield bullets(_dangerous(live[i], c) if i in live else code(i) for i in c.must_not_miss)


def _dangerous(d: Diagnosis, c: Consultation) -> str:
    name, chance = strong(escape(d.zh if c.lang == "zh" else d.en)), percent(d.probability)
    danger = say(d.danger, c.lang) if d.danger else ""
    if c.lang == "zh":
        return f"{name} （{chance}）：{danger}"
    return f"{name} ({chance}): {danger}"


def matrix(c: Consultation) -> Iterator[str]:
    """How each finding bears on the leading diagnoses, with the words it was read from."""
    columns = c.differential[:COLUMNS]
    if c.confidence == "none" or not columns:
        return
    zh = c.lang == "zh"
    yield heading(c.lang, "Matrix: diagnosis × finding", "鉴别诊断矩阵：诊断 × 发现")
    by_model = {f.id for f in c.history.findings if f.derived_from == "model"} if c.history else set()
    header = ["发现" if zh else "Finding", *(escape(d.zh if zh else d.en, 40) for d in columns), "原文" if zh else "Read as"]
    by_finding = [{cell.finding: cell for cell in d.cells} for d in columns]
    rows = [
        [
            say(cell.named(), c.lang) + (" †" if cell.finding in by_model else ""),
            *(_sign(cells.get(cell.finding)) for cells in by_finding),
            escape(cell.spans[0].text, 60) if cell.spans else "",
        ]
        for cell in _rows(columns)
    ]
    yield table(header, rows, centred=range(1, len(columns) + 1))
    marked = any(cell.finding in by_model for cell in _rows(columns))
    yield LEGEND.say(c.lang) + (f" {OF_MODEL.say(c.lang)}" if marked else "")


def _rows(columns: list[Diagnosis]) -> list[Cell]:
    """The findings that weigh most, then some that nobody asked about."""
    seen: dict[str, Cell] = {}
    strength: dict[str, float] = {}
    for d in columns:
        for cell in d.cells:
            seen.setdefault(cell.finding, cell)
            strength[cell.finding] = strength.get(cell.finding, 0.0) + abs(cell.weight) * d.probability
    ranked = sorted(seen, key=lambda f: -strength[f])
    asked = [f for f in ranked if seen[f].effect != "not-asked"]
    silent = [f for f in ranked if seen[f].effect == "not-asked"]
    return [seen[f] for f in [*asked[:ROWS], *silent[:SILENT]]]


def _sign(cell: Cell | None) -> str:
    if cell is None:
        return "·"
    if cell.effect == "not-asked":
        return "?"
    return next((sign for bound, sign in SIGNS if cell.weight > bound), "---")


def path(c: Consultation) -> Iterator[str]:
    """The next steps, then the questions that would settle most."""
    if c.decision_path:
        yield heading(c.lang, "Decision path", "决策路径")
        yield numbered(say(step, c.lang) for step in c.decision_path)
    if c.history and c.history.questions:
        yield heading(c.lang, "Worth asking or looking for", "值得补充的问诊与查体")
        yield bullets(say(q.ask, c.lang) for q in c.history.questions)
    if c.history and (lacking := [i for i in c.history.completeness if not i.there]):
        lead = "病历未记录：" if c.lang == "zh" else "The record does not say: "
        yield lead + ("、" if c.lang == "zh" else ", ").join(escape(i.zh if c.lang == "zh" else i.en) for i in lacking)

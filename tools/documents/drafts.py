"""Composes the drafts: outpatient record, SOAP note, referral letter, patient leaflet, test request.

Each sentence names the state paths it rests on; a sentence without one can't be built. What the record does not say is said to be
missing, never filled in. Nothing here orders or prescribes: options are options, the doctor decides and signs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.differential import Cell, Diagnosis, Differential
from yingzhi.clinical.document import Document, DocumentKind, Section, Sentence
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.history import History
from yingzhi.clinical.lab import LabResult
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.treatment import TreatmentOption, TreatmentReview
from yingzhi.clinical.words import Language, Text
from yingzhi.clinical.workup import Referral, TestAdvice, Workup
from yingzhi.knowledge.models import Disease
from yingzhi.tools.differential import percent
from yingzhi.tools.documents.medication import NO_WORDS, medication_words, more_alerts, not_checked
from yingzhi.tools.documents.phenotypes import coded_findings
from yingzhi.tools.impression import person
from yingzhi.tools.text import lower_first
from yingzhi.tools.workup_words import need_words

LABEL = Text(
    en="Drafted with the help of artificial intelligence. Not valid until a licensed doctor has checked, edited and signed it.",
    zh="本文书由人工智能辅助生成，为草稿；须经执业医师审核、修改并签名后方可使用。",
)
TITLES: dict[DocumentKind, Text] = {
    "outpatient-record": Text(en="Outpatient record (dermatology)", zh="皮肤科门诊病历"),
    "soap-note": Text(en="SOAP note", zh="SOAP病程记录"),
    "referral-letter": Text(en="Referral letter", zh="转诊单"),
    "patient-leaflet": Text(en="Information for the patient", zh="患者告知单"),
    "test-request": Text(en="Rationale for the tests", zh="检查申请说明"),
}
LEVEL = {
    "primary": Text(en="primary care", zh="基层医疗机构"),
    "secondary": Text(en="county hospital", zh="县级医院"),
    "tertiary": Text(en="specialist centre", zh="三级医院专科"),
}
URGENCY = {
    "emergency": Text(en="now", zh="立即（急诊）"),
    "urgent": Text(en="within 24 to 48 hours", zh="24–48小时内"),
    "soon": Text(en="within one to two weeks", zh="1–2周内"),
    "routine": Text(en="no hurry", zh="常规"),
}
LEADING, OTHERS = -1.5, -0.9
"""Evidence against, in bits, from which on a draft speaks of it: for the leading diagnosis only what its file denies, for the others
also what it leaves unexplained."""
MISSING = Text(en="Not recorded.", zh="未记录。")


@dataclass(frozen=True, slots=True)
class Material:
    """What the drafts are made from: the state of the consultation."""

    presentation: Presentation
    history: History
    differential: Differential
    workup: Workup | None
    medication: TreatmentReview | None
    referral: Referral
    diseases: Mapping[str, Disease]
    language: Language
    implied: frozenset[str] = frozenset()
    """Findings that a more specific one says already."""


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes sentences of one language."""

    language: Language

    def say(self, en: str, zh: str, *paths: str) -> Sentence:
        """A sentence with the paths it rests on."""
        return Sentence(text=zh if self.language == "zh" else en, paths=list(paths))

    def section(self, key: str, en: str, zh: str, sentences: Iterable[Sentence], missing: str = "") -> Section:
        """A section; when nothing is known, it says so and names the path that is empty."""
        written = list(sentences) or [self.say(MISSING.en, MISSING.zh, missing)] if missing else list(sentences)
        return Section(id=key, title=zh if self.language == "zh" else en, sentences=written)


def build_documents(m: Material) -> list[Document]:
    """All five drafts; the referral letter only when the case should go to a higher level."""
    pen = Pen(m.language)
    drafts: list[tuple[DocumentKind, list[Section]]] = [
        ("outpatient-record", _record(m, pen)),
        ("soap-note", _soap(m, pen)),
        ("patient-leaflet", _leaflet(m, pen)),
        ("test-request", _request(m, pen)),
    ]
    if m.referral.refer or m.referral.urgency in {"emergency", "urgent"}:
        drafts.insert(2, ("referral-letter", _letter(m, pen)))
    return [
        Document(
            kind=kind,
            title=TITLES[kind].say(m.language),
            language=m.language,
            label=LABEL.say(m.language),
            sections=[s for s in sections if s.sentences],
        )
        for kind, sections in drafts
    ]


def _record(m: Material, pen: Pen) -> list[Section]:
    return [
        pen.section("patient", "Patient", "一般情况", [_who(m, pen)]),
        pen.section(
            "chief-complaint",
            "Chief complaint",
            "主诉",
            [pen.say(f"{m.history.complaint.en}.", f"{m.history.complaint.zh}。", "history.complaint")],
        ),
        pen.section("present-illness", "History of present illness", "现病史", _narrative(m, pen), "presentation.text"),
        pen.section("past-history", "Past history, drugs, allergies", "既往史、用药史、过敏史", _background(m, pen), "history.findings"),
        pen.section(
            "examination",
            "Dermatological examination",
            "皮肤科查体",
            [*_found(m, pen, {"morphology", "colour", "site", "arrangement", "sign"}), *coded_findings(m.history, pen.say)],
            "history.findings",
        ),
        pen.section("results", "Results so far", "辅助检查", _results(m, pen), "history.labs"),
        pen.section(
            "diagnosis", "Impression (for the doctor to confirm)", "初步诊断（待医师确认）", _impression(m, pen), "differential.diagnoses"
        ),
        pen.section("differential", "Differential", "鉴别诊断", _for_and_against(m, pen)),
        pen.section("plan", "Suggested next steps", "建议", [*_tests(m, pen), *_options(m, pen)]),
        pen.section("safety", "Safety", "安全提示", _safety(m, pen)),
        pen.section("care", "Level of care", "分级诊疗", _care(m, pen)),
        pen.section(
            "signature",
            "Signature",
            "医师签名",
            [pen.say("Doctor: ____________  Date: ____________", "医师：____________  日期：____________", "reviews")],
        ),
    ]


def _soap(m: Material, pen: Pen) -> list[Section]:
    subjective = [
        pen.say(f"{m.history.complaint.en}.", f"{m.history.complaint.zh}。", "history.complaint"),
        *_found(m, pen, {"symptom", "systemic", "course", "exposure", "response"}),
        *_background(m, pen),
    ]
    looked = _found(m, pen, {"morphology", "colour", "site", "arrangement", "sign"})
    objective = [*looked, *coded_findings(m.history, pen.say), *_results(m, pen)]
    return [
        pen.section("subjective", "Subjective", "主观资料（S）", subjective),
        pen.section("objective", "Objective", "客观资料（O）", objective, "history.findings"),
        pen.section("assessment", "Assessment", "评估（A）", [*_impression(m, pen), *_for_and_against(m, pen), *_safety(m, pen)]),
        pen.section("plan", "Plan", "计划（P）", [*_tests(m, pen), *_options(m, pen), *_care(m, pen)]),
    ]


def _letter(m: Material, pen: Pen) -> list[Section]:
    why = [pen.say(f"{r.en.rstrip('.')}.", f"{r.zh.rstrip('。')}。", "documentation.referral") for r in m.referral.reasons]
    done = [t for r in (m.workup.rungs if m.workup else []) for t in r.tests if t.status == "done"]
    return [
        pen.section(
            "to",
            "To",
            "转往",
            [
                pen.say(
                    f"{LEVEL[m.referral.level].en.capitalize()}; {URGENCY[m.referral.urgency].en}.",
                    f"{LEVEL[m.referral.level].zh}；{URGENCY[m.referral.urgency].zh}。",
                    "documentation.referral",
                ),
                *_place(m, pen),
            ],
        ),
        pen.section("reason", "Reason", "转诊理由", why, "documentation.referral"),
        pen.section("needed", "What is needed and not here", "本机构不具备的条件", _needed(m, pen)),
        pen.section("before", "Before and during the transfer", "转运前及途中", _before(m, pen)),
        pen.section("summary", "Summary", "病情摘要", [pen.say(m.history.impression.en, m.history.impression.zh, "history.impression")]),
        pen.section("considered", "Diagnoses considered", "考虑诊断", _impression(m, pen), "differential.diagnoses"),
        pen.section(
            "results",
            "Results so far",
            "已完成检查",
            _results(m, pen) or [_named_tests(pen, done)] if done else _results(m, pen),
            "history.labs",
        ),
        pen.section("drugs", "Drugs and allergies", "用药与过敏", _background(m, pen), "history.medications"),
        pen.section("safety", "Dangers", "风险提示", _safety(m, pen)),
        pen.section("beyond", "To be looked for beyond the skin", "须关注的皮肤外问题", _beyond(m, pen)),
        pen.section("bring", "To go along with the patient", "随行资料", _bring(m, pen)),
    ]


def _place(m: Material, pen: Pen) -> list[Sentence]:
    to = m.referral.to
    return [pen.say(f"{to.en}.", f"{to.zh}。", "documentation.referral.to")] if to else []


def _needed(m: Material, pen: Pen) -> list[Sentence]:
    words = [need_words(n) for n in m.referral.needs]
    return [pen.say(stopped(w.en), stopped(w.zh), f"documentation.referral.needs.{i}") for i, w in enumerate(words)]


def _before(m: Material, pen: Pen) -> list[Sentence]:
    return [pen.say(stopped(t.en), stopped(t.zh), f"documentation.referral.before.{i}") for i, t in enumerate(m.referral.before)]


def _bring(m: Material, pen: Pen) -> list[Sentence]:
    return [pen.say(stopped(t.en), stopped(t.zh), f"documentation.referral.bring.{i}") for i, t in enumerate(m.referral.bring)]


def _beyond(m: Material, pen: Pen) -> list[Sentence]:
    """The strongest links, with what of them is checked."""
    links = [(i, link) for i, link in enumerate(m.differential.systemic_links) if link.strength == "strong"][:4]
    return [
        pen.say(
            f"{link.condition.en}. {stopped(link.checked.en)}",
            f"{link.condition.zh}。{stopped(link.checked.zh)}",
            f"differential.systemic_links.{i}",
        )
        for i, link in links
    ]


def _leaflet(m: Material, pen: Pen) -> list[Section]:
    top = m.differential.diagnoses[0] if m.differential.diagnoses and m.differential.confidence != "none" else None
    about = [pen.say("The doctor is still finding out what it is.", "医生仍在进一步明确诊断。", "differential.confidence")]
    advice: list[Sentence] = []
    if top is not None and m.differential.confidence in {"moderate", "high"}:
        disease = m.diseases[top.id]
        about = [
            pen.say(
                f"The doctor thinks first of {top.en}; this has not been confirmed.",
                f"医生首先考虑“{top.zh}”，尚待确认。",
                "differential.diagnoses.0",
            ),
            pen.say(disease.summary.en, disease.summary.zh, "differential.diagnoses.0.summary"),
        ]
        advice = [pen.say(a.en, a.zh, f"knowledge.diseases.{top.id}.advice") for a in disease.advice]
    tests = [t for r in (m.workup.rungs if m.workup else []) for t in r.tests if t.status == "recommended" and t.tier != "ask-examine"][:4]
    steps = [
        pen.say(
            f"{t.en}: about {t.price:.0f} yuan; {t.risk.en.rstrip('.')}.",
            f"{t.zh}：约{t.price:.0f}元；{t.risk.zh.rstrip('。')}。",
            f"workup.{t.id}",
        )
        for t in tests
    ]
    danger = [
        pen.say(f"{a.title.en}: {a.why.en}", f"{a.title.zh}：{a.why.zh}", f"alerts.{a.id}")
        for a in m.history.red_flags
        if a.level == "critical"
    ]
    back = pen.say(
        "Come back at once if you get fever, blisters, a sore mouth or eyes, trouble breathing, or the skin becomes very painful.",
        "若出现发热、水疱、口眼糜烂、呼吸困难或皮肤明显疼痛，请立即就诊。",
        "documentation",
    )
    return [
        pen.section("about", "What it may be", "可能是什么病", about),
        pen.section("tests", "What the doctor may suggest", "医生可能建议的检查", steps),
        pen.section("self-care", "What you can do", "您可以做什么", advice),
        pen.section("danger", "When to come back at once", "何时须立即就诊", [*danger, back]),
    ]


def _request(m: Material, pen: Pen) -> list[Section]:
    rungs = m.workup.rungs if m.workup else []
    sections = []
    for rung in rungs:
        tests = [t for t in rung.tests if t.status == "recommended" and t.tier != "ask-examine"]
        sentences = []
        for t in tests:
            sentences.append(
                pen.say(
                    f"{t.en} (about {t.price:.0f} CNY): {t.why.en.rstrip('.')}.",
                    f"{t.zh}（约{t.price:.0f}元）：{t.why.zh.rstrip('。')}。",
                    f"workup.{t.id}",
                )
            )
            if t.specimen:
                sentences.append(pen.say(t.specimen.en, t.specimen.zh, f"workup.{t.id}.specimen"))
            if t.patient_risks:
                sentences.append(
                    pen.say(
                        "Higher risk in this patient: " + ", ".join(r.en for r in t.patient_risks) + ".",
                        "该患者风险升高：" + "、".join(r.zh for r in t.patient_risks) + "。",
                        f"workup.{t.id}.patient_risks",
                    )
                )
            sentences += [pen.say(stopped(c.act.en), stopped(c.act.zh), f"workup.{t.id}.cautions") for c in t.cautions]
            if t.elsewhere and t.where:
                sentences.append(pen.say(f"Done at: {t.where.en}.", f"检查地点：{t.where.zh}。", f"workup.{t.id}.where"))
        if not rung.open and rung.tests:
            sentences = [pen.say(f"Not yet. {rung.why.en}", f"暂缓。{rung.why.zh}", f"workup.{rung.tier}")]
        sections.append(pen.section(rung.tier, TIER[rung.tier].en, TIER[rung.tier].zh, sentences))
    return sections or [pen.section("none", "Tests", "检查", [], "workup")]


TIER = {
    "ask-examine": Text(en="Ask and examine", zh="问诊查体"),
    "non-invasive": Text(en="Non-invasive", zh="无创检查"),
    "blood": Text(en="Blood tests", zh="血液检查"),
    "minor-invasive": Text(en="Minor invasive", zh="轻微创检查"),
    "invasive-or-costly": Text(en="Invasive or costly", zh="有创或高成本检查"),
}


def _who(m: Material, pen: Pen) -> Sentence:
    who = person(m.history.patient)
    extra_en, extra_zh = (", pregnant", "，妊娠期") if m.history.patient.pregnant else ("", "")
    return pen.say(f"{who.en[0].upper()}{who.en[1:]}{extra_en}.", f"{who.zh}{extra_zh}。", "history.patient")


def _narrative(m: Material, pen: Pen) -> list[Sentence]:
    words = " ".join(m.presentation.text.split())
    if not words:
        return []
    short = words if len(words) <= 1200 else words[:1200] + " […]"
    return [pen.say(f"As recorded: “{short}”", f"据原始记录：“{short}”", "presentation.text")]


def _listed(pen: Pen, findings: list[tuple[int, Finding]], en: str, zh: str) -> list[Sentence]:
    if not findings:
        return []
    names_en = ", ".join(lower_first(f.en) for _, f in findings)
    return [
        pen.say(f"{en}: {names_en}.", f"{zh}：{'、'.join(f.zh for _, f in findings)}。", *(f"history.findings.{i}" for i, _ in findings))
    ]


def _found(m: Material, pen: Pen, kinds: set[str]) -> list[Sentence]:
    chosen = [(i, f) for i, f in enumerate(m.history.findings) if f.kind in kinds and f.experiencer == "patient" and f.id not in m.implied]
    return [
        *_listed(pen, [p for p in chosen if p[1].status == "present" and p[1].temporality == "current"], "Present", "可见"),
        *_listed(pen, [p for p in chosen if p[1].status == "uncertain"], "Uncertain", "可疑"),
        *_listed(pen, [p for p in chosen if p[1].status == "absent"], "Not present", "未见"),
    ]


def _background(m: Material, pen: Pen) -> list[Sentence]:
    history = [
        (i, f)
        for i, f in enumerate(m.history.findings)
        if f.kind in {"history", "exposure"} and f.status == "present" and f.experiencer == "patient" and f.id not in m.implied
    ]
    family = [(i, f) for i, f in enumerate(m.history.findings) if f.experiencer == "family" and f.status == "present"]
    sentences = [*_listed(pen, history, "History and exposures", "病史与接触"), *_listed(pen, family, "In the family", "家族史")]
    drugs = m.history.medications
    if any(d.stopped_days_ago is None for d in drugs):
        names = [f"{d.name} {d.dose}".strip() for d in drugs if d.stopped_days_ago is None]
        sentences.append(pen.say(f"Drugs: {', '.join(names)}.", f"用药：{'、'.join(names)}。", "history.medications"))
    ended = [d.name for d in drugs if d.stopped_days_ago is not None]
    if ended:
        sentences.append(pen.say(f"Stopped: {', '.join(ended)}.", f"已停用：{'、'.join(ended)}。", "history.medications"))
    if m.history.patient.allergies:
        listed = m.history.patient.allergies
        sentences.append(pen.say(f"Allergies: {', '.join(listed)}.", f"过敏：{'、'.join(listed)}。", "history.patient.allergies"))
    return sentences


def _results(m: Material, pen: Pen) -> list[Sentence]:
    sentences = []
    for i, lab in enumerate(m.history.labs):
        shown = lab_words(lab)
        sentences.append(pen.say(f"{lab.en} {shown.en}.", f"{lab.zh} {shown.zh}。", f"history.labs.{i}"))
    tests = [
        (i, f)
        for i, f in enumerate(m.history.findings)
        if f.kind in {"histology", "immunofluorescence", "dermoscopy", "microbiology", "imaging"} and f.status == "present"
    ]
    return [*sentences, *_listed(pen, tests, "Reported", "报告所见")]


FLAG = {
    "critical-low": ("critically low", "危急偏低"),
    "low": ("low", "偏低"),
    "normal": ("normal", "正常"),
    "high": ("high", "偏高"),
    "critical-high": ("critically high", "危急偏高"),
    "positive": ("positive", "阳性"),
    "negative": ("negative", "阴性"),
    "indeterminate": ("indeterminate", "不确定"),
    "unknown": ("not judged", "无法判断"),
}


def lab_words(lab: LabResult) -> Text:
    """A laboratory result in words: value as written, flag, reference interval."""
    value = f"1:{lab.titre}" if lab.titre else f"{lab.comparator}{lab.value:g} {lab.unit}".strip() if lab.value is not None else ""
    en, zh = FLAG[lab.flag]
    interval = f" [{lab.low:g}-{lab.high:g}]" if lab.low is not None and lab.high is not None else ""
    return Text(en=f"{value} ({en}){interval}".strip(), zh=f"{value}（{zh}）{interval}".strip())


def _impression(m: Material, pen: Pen) -> list[Sentence]:
    if m.differential.confidence == "none":
        return [pen.say("The record does not allow an impression.", "现有资料不足以形成诊断印象。", "differential.confidence")]
    leading = [(i, d) for i, d in enumerate(m.differential.diagnoses) if i == 0 or d.probability >= 0.1][:4]
    sentences = [
        pen.say(
            f"{n}. {d.en} ({d.code()}), {percent(d.probability)}.",
            f"{n}. {d.zh}（{d.code()}），可能性{percent(d.probability)}。",
            f"differential.diagnoses.{i}",
        )
        for n, (i, d) in enumerate(leading, 1)
    ]
    sentences += [
        pen.say(f"Perhaps two diseases at once: {p.why.en}", f"可能两病并存：{p.why.zh}", "differential.together.0")
        for p in m.differential.together[:1]
    ]
    if m.differential.other >= 0.2:
        sentences.append(
            pen.say(
                f"Something else altogether: {m.differential.other:.0%}.",
                f"其他未列疾病：{m.differential.other:.0%}。",
                "differential.other",
            )
        )
    return sentences


def _for_and_against(m: Material, pen: Pen) -> list[Sentence]:
    if m.differential.confidence == "none":
        return []
    sentences = []
    for i, d in enumerate(m.differential.diagnoses[:4]):
        pro, con = _sides(d, i == 0)
        if not pro and not con:
            continue
        pro_en, con_en = (", ".join(lower_first(c.named().en) for c in side) or "nothing yet" for side in (pro, con))
        en = f"{d.en}: for: {pro_en}; against: {con_en}."
        zh = f"{d.zh}：支持——{'、'.join(c.named().zh for c in pro) or '暂无'}；不支持——{'、'.join(c.named().zh for c in con) or '暂无'}。"
        sentences.append(pen.say(en, zh, f"differential.diagnoses.{i}.cells"))
    return sentences


def _sides(d: Diagnosis, leading: bool) -> tuple[list[Cell], list[Cell]]:
    least = LEADING if leading else OTHERS
    return [c for c in d.cells if c.effect == "supports"][:5], [c for c in d.cells if c.effect == "opposes" and c.weight <= least][:4]


def _named_tests(pen: Pen, tests: list[TestAdvice]) -> Sentence:
    return pen.say(
        "Done: " + ", ".join(t.en for t in tests) + ".",
        "已完成：" + "、".join(t.zh for t in tests) + "。",
        *(f"workup.{t.id}" for t in tests),
    )


def _tests(m: Material, pen: Pen) -> list[Sentence]:
    tests = [t for r in (m.workup.rungs if m.workup else []) for t in r.tests if t.status == "recommended" and t.tier != "ask-examine"][:8]
    if not tests:
        return []
    en = "Tests to consider, cheapest and least invasive first: " + ", ".join(f"{t.en} ({t.price:.0f} CNY)" for t in tests) + "."
    zh = "可考虑的检查（由低成本、无创开始）：" + "、".join(f"{t.zh}（{t.price:.0f}元）" for t in tests) + "。"
    return [pen.say(en, zh, *(f"workup.{t.id}" for t in tests))]


def _options(m: Material, pen: Pen) -> list[Sentence]:
    if m.medication is None or m.differential.confidence not in {"moderate", "high"}:
        return []
    fit = [o for o in m.medication.options if o.suitable == "yes"][:4]
    unfit = [o for o in m.medication.options if o.suitable == "no"][:4]
    sentences = []
    if fit:
        sentences.append(
            pen.say(
                "Options for the doctor to weigh: " + "; ".join(o.en for o in fit) + ".",
                "供医师权衡的治疗选择：" + "；".join(o.zh for o in fit) + "。",
                "pharmacology.options",
            )
        )
    if unfit:
        sentences.append(
            pen.say(
                "Not for this patient: " + "; ".join(f"{o.en} ({_reason(o).en})" for o in unfit) + ".",
                "本例不宜：" + "；".join(f"{o.zh}（{_reason(o).zh}）" for o in unfit) + "。",
                "pharmacology.options",
            )
        )
    return sentences


def _reason(option: TreatmentOption) -> Text:
    return option.why or Text(en="see the alerts", zh="见风险提示")


def stopped(sentence: str) -> str:
    """A sentence with its full stop, in its own language."""
    if not sentence or sentence[-1] in ".。!！?？":
        return sentence
    return sentence + ("。" if any("一" <= c <= "鿿" for c in sentence[-6:]) else ".")


def _safety(m: Material, pen: Pen) -> list[Sentence]:
    alerts: list[tuple[str, Alert]] = [(f"history.red_flags.{i}", a) for i, a in enumerate(m.history.red_flags)]
    if m.medication:
        alerts += [(f"pharmacology.alerts.{i}", a) for i, a in enumerate(m.medication.alerts) if a.level != "notice"]
    besides = medication_words(m.medication)
    sentences = [
        pen.say(
            f"{a.title.en}: {stopped(a.why.en)}" + (f" {stopped(a.act.en)}" if a.act else "") + besides.get(a.id, NO_WORDS).en,
            f"{a.title.zh}：{stopped(a.why.zh)}" + (stopped(a.act.zh) if a.act else "") + besides.get(a.id, NO_WORDS).zh,
            path,
        )
        for path, a in alerts[:8]
    ]
    sentences += more_alerts(m.medication, len(alerts) - 8, pen.say)
    lane = [(i, d) for i, d in enumerate(m.differential.diagnoses) if d.id in m.differential.must_not_miss][:4]
    if lane:
        sentences.append(
            pen.say(
                "Not to be missed: " + ", ".join(d.en for _, d in lane) + ".",
                "勿漏诊：" + "、".join(d.zh for _, d in lane) + "。",
                *(f"differential.diagnoses.{i}" for i, _ in lane),
            )
        )
    return [*sentences, *not_checked(m.medication, pen.say)]


def _care(m: Material, pen: Pen) -> list[Sentence]:
    r = m.referral
    return [
        pen.say(
            f"{LEVEL[r.level].en.capitalize()}, {URGENCY[r.urgency].en}.",
            f"建议{LEVEL[r.level].zh}诊治，时限：{URGENCY[r.urgency].zh}。",
            "documentation.referral",
        ),
        *(pen.say(stopped(t.en), stopped(t.zh), "documentation.referral") for t in r.reasons[:3]),
    ]

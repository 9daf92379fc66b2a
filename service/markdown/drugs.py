"""Drug safety: what is taken, how names and doses were understood, what was not checked, and the options for this patient."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.medication import DoseReading, Interaction, UnknownDrug
from yingzhi.clinical.pack import PatientPack
from yingzhi.clinical.treatment import TreatmentOption, TreatmentReview
from yingzhi.clinical.words import Language, Text
from yingzhi.service.markdown.blocks import bullets, code, heading, say, strong
from yingzhi.service.markdown.escape import escape

FIT = {
    "yes": Text(en="option", zh="可选"),
    "caution": Text(en="with care", zh="慎用"),
    "no": Text(en="not for this patient", zh="不宜"),
    "unknown": Text(en="not known", zh="未知"),
}
LINE = (Text(en="first of all", zh="首要"), Text(en="1st line", zh="一线"), Text(en="2nd line", zh="二线"), Text(en="later", zh="后续"))
SEVERITY = {
    "contraindicated": Text(en="contraindicated", zh="禁忌"),
    "major": Text(en="major", zh="严重"),
    "moderate": Text(en="moderate", zh="中度"),
    "minor": Text(en="minor", zh="轻度"),
    "none": Text(en="none", zh="无"),
    "unknown": Text(en="unknown", zh="未知"),
}
UNCERTAIN = {
    "unknown": Text(en="not in the formulary", zh="药物库中没有"),
    "misspelt": Text(en="resembles known names, but is none", zh="与已知药名相近但不一致"),
    "ambiguous": Text(en="means several drugs", zh="可指多种药物"),
    "class": Text(en="names a class and no drug", zh="为一类药物而非具体药名"),
}
FAILED = Text(
    en="Not checked: this part failed. Interactions and contraindications are not known.",
    zh="未核查：该部分运行失败，相互作用与禁忌均未知。",
)
NO_DRUGS = Text(
    en="The record names no current drug, so there was no pair to check for interactions.",
    zh="病历未提及当前用药，故无可核查的相互作用。",
)


def drug_safety(c: Consultation) -> Iterator[str]:
    """Current drugs with their interactions, what was not checked, then the options for the leading diagnoses."""
    yield heading(c.lang, "Drug safety and treatment options", "安全用药评估与治疗选择")
    if c.medication is None:
        yield strong(FAILED.say(c.lang))
        return
    yield from _current(c.medication, c.lang)
    if c.medication.not_checked:
        yield strong("未能核查：" if c.lang == "zh" else "Not checked:")
        yield bullets(say(n, c.lang) for n in c.medication.not_checked)
    yield from _options(c.medication, c)
    if c.medication.avoid:
        yield strong("应避免：" if c.lang == "zh" else "To avoid:")
        yield bullets(say(a, c.lang) for a in c.medication.avoid)
    yield from _packs(c.medication.packs, c.lang)


def _current(review: TreatmentReview, language: Language) -> Iterator[str]:
    zh, drugs = language == "zh", review.current
    if not drugs.drugs and not drugs.unknown:
        yield NO_DRUGS.say(language)
        return
    names = {d.drug: d.names.say(language) for d in drugs.drugs}
    if drugs.drugs:
        yield ("当前用药：" if zh else "Current drugs: ") + ("、" if zh else ", ").join(say(d.names, language) for d in drugs.drugs)
    if drugs.unknown:
        yield strong("以下药名未能确认，均未核查：" if zh else "Not certain which drug is meant; nothing about these was checked:")
        yield bullets(_unknown(u, language) for u in drugs.unknown)
    if drugs.interactions:
        yield bullets(_interaction(i, names, language) for i in drugs.interactions)
    if drugs.doses:
        yield "剂量按以下理解：" if zh else "Doses were understood so:"
        yield bullets(_dose(d, names, language) for d in drugs.doses)


def _unknown(u: UnknownDrug, language: Language) -> str:
    line = f"{escape(u.name)} — {say(UNCERTAIN[u.reason], language)}"
    if u.means:
        line += f" ({say(u.means, language)})"
    if u.suggestions:
        line += ("；是否为：" if language == "zh" else "; is it: ") + ", ".join(say(s.names, language) for s in u.suggestions)
    return line


def _dose(d: DoseReading, names: dict[str, str], language: Language) -> str:
    zh, unit = language == "zh", f"{d.unit}{'/kg' if d.per_kg else ''}"
    amounts = [f"{d.daily:g} {unit}{'/日' if zh else ' a day'}"] if d.daily is not None else []
    amounts += [f"{d.weekly:g} {unit}{'/周' if zh else ' a week'}"] if d.weekly is not None else []
    meaning = " = ".join(amounts) or ("未能换算" if zh else "could not be worked out")
    return f"{escape(names.get(d.drug, d.drug))} {escape(d.written)} → {meaning}"


def _interaction(i: Interaction, names: dict[str, str], language: Language) -> str:
    pair = " + ".join(escape(names.get(d, d)) for d in (i.drug_a, i.drug_b))
    why = "; ".join(f"{say(m.mechanism, language)} → {say(m.management, language)}" for m in i.mechanisms)
    return f"{strong(pair)} · {SEVERITY[i.severity].say(language)}" + (f" — {why}" if why else "")


def _options(review: TreatmentReview, c: Consultation) -> Iterator[str]:
    names = {d.id: d.zh if c.lang == "zh" else d.en for d in c.differential}
    notes = {choice.disease: choice.note for choice in review.choices}
    for disease, options in groupby(review.options, key=lambda o: o.disease):
        yield strong(escape(names.get(disease, disease)))
        if note := notes.get(disease):
            yield f"⚠️ {say(note, c.lang)}"
        yield bullets(_option(o, c.lang) for o in options)


def _option(o: TreatmentOption, language: Language) -> str:
    zh = language == "zh"
    parts = [f"{strong(FIT[o.suitable].say(language))} {escape(o.zh if zh else o.en)}", LINE[min(o.line, 3)].say(language)]
    parts += [say(text, language) for text in (o.dose, o.why, o.efficacy, o.watch) if text]
    if o.before:
        parts.append(("用药前：" if zh else "before: ") + ("；" if zh else "; ").join(say(b, language) for b in o.before))
    cited = dict.fromkeys(s for s in (o.source, o.efficacy_source) if s)
    return " · ".join(parts) + "".join(f" {code(s)}" for s in cited)


def _packs(packs: list[PatientPack], language: Language) -> Iterator[str]:
    """For drugs that are taken, the stop rules that a result meets and what is due next; of the others only that a pack is there."""
    zh = language == "zh"
    lines = [line for p in packs if p.taken for line in _due(p, language)]
    if lines:
        yield strong("用药监测：" if zh else "Monitoring:")
        yield bullets(lines)
    if proposed := [escape(p.zh if zh else p.en) for p in packs if not p.taken]:
        yield ("另有随访包：" if zh else "Monitoring packs are there for: ") + ("、" if zh else ", ").join(proposed)


def _due(p: PatientPack, language: Language) -> Iterator[str]:
    zh, name = language == "zh", strong(escape(p.zh if language == "zh" else p.en))
    for stop in p.stop:
        if stop.met_by:
            yield f"{name} · {strong('已达停药标准' if zh else 'stop rule met')} {say(stop.text, language)} ← {say(stop.met_by, language)}"
    visit = next((v for v in p.calendar if v.state == "next"), None)
    if visit is not None:
        when = str(visit.day) if visit.day else (f"第{visit.weeks:g}周" if zh else f"week {visit.weeks:g}")
        due = ("；" if zh else "; ").join(say(d.text, language) for d in visit.due)
        yield f"{name} · {'下次随访' if zh else 'next'} {when}{'：' if zh else ': '}{due}"

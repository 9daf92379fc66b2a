"""What a consultation warns of: one alert a drug problem, the drugs that an eruption may come from, and what could not be checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from yingzhi.clinical.acknowledgement import REASONS, Acknowledgement, DrugRole
from yingzhi.clinical.alert import Alert, AlertLevel
from yingzhi.clinical.alert_board import ReviewedProblem, ShownProblem
from yingzhi.clinical.differential import Diagnosis
from yingzhi.clinical.medication import AlertTier, DrugPatient, DrugProblem, MedicationReview, UnknownDrug
from yingzhi.clinical.words import Text
from yingzhi.knowledge.models import Disease
from yingzhi.tools.alert_board import shown_to
from yingzhi.tools.alternatives import problem_alternatives
from yingzhi.tools.contraindications import Regimen
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.medications import HIGH_RISK, RECENT

DRUG_ERUPTION = "drug-eruption"
LEVEL: Mapping[AlertTier, AlertLevel] = {"stop": "critical", "decide": "warning", "watch": "notice", "note": "notice"}
ROLES: tuple[DrugRole, ...] = get_args(DrugRole)
UNCERTAIN: Mapping[str, Text] = {
    "unknown": Text(en="not in the formulary", zh="不在药品知识库中"),
    "misspelt": Text(en="spelt like known drugs, but is none of them", zh="与已知药名相近但不一致"),
    "ambiguous": Text(en="may mean several drugs", zh="可指多种药物"),
    "class": Text(en="names a class, not a drug", zh="为一类药物，未指明具体药名"),
}


def reviewed(
    problems: Iterable[DrugProblem], regimen: Regimen, acknowledged: Sequence[Acknowledgement], formulary: Formulary
) -> list[ReviewedProblem]:
    """Problems as every reader is shown them, with neighbours for what must be settled and what was acknowledged before."""
    return [_reviewed(problem, regimen, acknowledged, formulary) for problem in problems]


def _reviewed(problem: DrugProblem, regimen: Regimen, acknowledged: Sequence[Acknowledgement], formulary: Formulary) -> ReviewedProblem:
    seen = {a.role: a for a in acknowledged if a.problem == problem.id}
    shown: dict[DrugRole, ShownProblem] = {role: shown_to(problem, role, seen.get(role)) for role in ROLES}
    return ReviewedProblem(
        problem=problem,
        presence={role: one.presence for role, one in shown.items()},
        alternatives=problem_alternatives(problem, regimen, formulary),
        acknowledged=[seen[role] for role, one in shown.items() if one.acknowledged is not None],
        changed=[role for role, one in shown.items() if one.changed],
    )


def problem_alerts(problems: Iterable[ReviewedProblem], formulary: Formulary, prefix: str = "") -> list[Alert]:
    """One alert a problem. Its level is that of its worst part, whatever was acknowledged.

    Args:
        problems: In order of gravity.
        formulary: For the names of drugs.
        prefix: Set before the id where the same problem has an alert already.
    """
    return [_alert(one, formulary, prefix) for one in problems]


def _alert(one: ReviewedProblem, formulary: Formulary, prefix: str) -> Alert:
    p = one.problem
    seen = next((a for a in one.acknowledged if a.role == "prescriber"), None)
    return Alert(
        id=f"{prefix}medication:{p.id}",
        kind="medication",
        level=LEVEL[p.tier],
        title=p.title,
        why=_said(p, formulary, "why"),
        act=_said(p, formulary, "act"),
        sources=list(dict.fromkeys(s for part in p.parts for s in part.sources)),
        sums=list(p.alerts),
        acknowledged=REASONS[seen.reason] if seen is not None else None,
    )


def _said(problem: DrugProblem, formulary: Formulary, field: str) -> Text:
    """The reasons or the advice of every part; where they differ each with its drugs, where they are the same once."""
    texts: dict[str, tuple[Text, dict[str, None]]] = {}
    for part in problem.parts:
        words: Text = getattr(part, field)
        texts.setdefault(words.en, (words, {}))[1].update(dict.fromkeys(part.drugs))
    if len(texts) == 1:
        return next(iter(texts.values()))[0]
    named = [(words, [formulary.display[d] for d in drugs]) for words, drugs in texts.values()]
    return Text(
        en=" ".join(f"{', '.join(n.en for n in names)}: {words.en}" for words, names in named),
        zh="".join(f"{'、'.join(n.zh for n in names)}：{words.zh}" for words, names in named),
    )


STOP_IT = Text(en="Decide now whether it can be stopped; record it as suspected.", zh="立即评估能否停用，并登记为可疑致敏药物。")
STAY_OFF = Text(en="Already stopped: not to be begun again; record it as suspected.", zh="已停用：勿再使用，并登记为可疑致敏药物。")


def culprits(leading: list[Diagnosis], diseases: Mapping[str, Disease], patient: DrugPatient, formulary: Formulary) -> list[Alert]:
    """Drugs taken, or stopped in the last two months, that a likely drug eruption may come from: new ones, and notorious ones."""
    eruptions = [d for d in leading if diseases[d.id].group == DRUG_ERUPTION]
    if not eruptions:
        return []
    worst = next((d for d in eruptions if d.must_not_miss), eruptions[0])
    alerts = []
    for medication in patient.medications:
        match = resolve_drug(medication.name, formulary)
        days, ended = medication.started_days_ago, medication.stopped_days_ago
        gone = ended is not None and ended > RECENT
        if match is None or gone or not (match.drug in HIGH_RISK or (days is not None and days <= RECENT)):
            continue
        when = (
            Text(en=f"begun {days:.0f} days ago", zh=f"{days:.0f}天前开始使用")
            if days is not None
            else Text(en="start not recorded", zh="起始时间未记录")
        )
        known = match.drug in HIGH_RISK
        alerts.append(
            Alert(
                id=f"culprit-{match.drug}", kind="medication", level="critical" if worst.must_not_miss else "warning",
                title=Text(en=f"Possible culprit: {match.names.en}", zh=f"可疑致病药物：{match.names.zh}"),
                why=Text(
                    en=f"{worst.en} is likely; {when.en}{'; among the drugs best known for severe eruptions' if known else ''}.",
                    zh=f"{worst.zh}可能性大；{when.zh}{'；属重症药疹高风险药物' if known else ''}。",
                ),
                act=STOP_IT if ended is None else STAY_OFF,
                sources=list(diseases[worst.id].sources[:1]),
            )
        )  # fmt: skip
    return alerts


def unchecked(review: MedicationReview, formulary: Formulary) -> list[Text]:
    """What could not be checked, by drug, in words: names that are not certain first, then the facts and results that are missing."""
    needs: dict[str, list[Text]] = {}
    for gap in review.not_checked:
        if gap.check != "name":
            needs.setdefault(gap.drug, []).append(gap.needs)
    return [_unknown(u) for u in review.unknown] + [_needing(drug, gaps, formulary) for drug, gaps in needs.items()]


def _unknown(drug: UnknownDrug) -> Text:
    why = UNCERTAIN[drug.reason]
    near_en, near_zh = " / ".join(s.names.en for s in drug.suggestions), " / ".join(s.names.zh for s in drug.suggestions)
    hint = Text(en=f" (meant: {near_en}?)", zh=f"（是否指{near_zh}？）") if drug.suggestions else Text(en="", zh="")
    return Text(en=f"{drug.name}: {why.en}; nothing about it was checked{hint.en}", zh=f"{drug.name}：{why.zh}，该药全部未核查{hint.zh}")


def _needing(drug: str, gaps: Sequence[Text], formulary: Formulary) -> Text:
    if not drug:  # a fact of the patient that could not be used, or one that the whole list waits for
        return Text(en="; ".join(g.en for g in gaps), zh="；".join(g.zh for g in gaps))
    name = formulary.display.get(drug, Text(en=drug, zh=drug))
    return Text(en=f"{name.en} (needs {', '.join(g.en for g in gaps)})", zh=f"{name.zh}（需{'、'.join(g.zh for g in gaps)}）")

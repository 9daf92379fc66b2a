"""Alerts, forbidden drugs and the level of care."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.alert import ALERT_LEVELS, Alert
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.medication import AlertTier
from yingzhi.clinical.words import CARE_LEVELS, URGENCIES
from yingzhi.evals.cases import GoldAlert, GoldCase
from yingzhi.evals.score import Score, share, unscored
from yingzhi.evals.scorers.diagnosis import given
from yingzhi.evals.trace import Trace
from yingzhi.tools.treatment_alerts import LEVEL

WEIGHT = {"critical": 4.0, "warning": 2.0, "notice": 1.0}
PARTS = re.compile(r"[:+]")


def ids_in(alert: Alert) -> set[str]:
    """The ids that an alert is about: `interaction:a+b` is about a and b, `culprit-a` about a."""
    parts = set(PARTS.split(alert.id))
    return parts | {p.removeprefix("culprit-") for p in parts}


def rule_alerts(alert: Alert, c: Consultation) -> list[Alert]:
    """The rule alerts that an alert sums up, each at its own level; the alert itself where it sums up none."""
    reviews = (c.medication.current, c.medication.also_checked) if c.medication else ()
    tiers: dict[str, AlertTier] = {a.id: a.tier for review in reviews if review for a in review.alerts}
    return [alert.model_copy(update={"id": i, "level": LEVEL[tiers[i]], "sums": []}) for i in alert.sums if i in tiers] or [alert]


def meets(alert: Alert, wanted: GoldAlert) -> bool:
    """Whether an alert is the wanted one, or graver."""
    grave = ALERT_LEVELS.index(alert.level) <= ALERT_LEVELS.index(wanted.level)
    about = ids_in(alert)
    return grave and alert.kind != "model" and (alert.id in wanted.rules if wanted.rules else set(wanted.drugs) <= about)


def came(wanted: GoldAlert, c: Consultation) -> bool:
    """Whether a wanted alert, or a graver one, came."""
    return any(meets(one, wanted) for a in c.alerts for one in rule_alerts(a, c))


def _named(wanted: GoldAlert) -> str:
    return f"{wanted.level} {' or '.join(wanted.rules) or ' + '.join(wanted.drugs)}"


@dataclass(frozen=True, slots=True)
class AlertRecall:
    """Weight of the expected alerts that came, by severity (critical 4, warning 2, notice 1)."""

    name: str = "alert-recall"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """An alert that came at a lower level did not come."""
        if not gold.expected.alerts:
            return unscored("the case expects no alert")
        missing = [w for w in gold.expected.alerts if not came(w, given(trace))]
        whole = sum(WEIGHT[w.level] for w in gold.expected.alerts)
        lost = sum(WEIGHT[w.level] for w in missing)
        return Score(value=1 - lost / whole, why=f"missing: {'; '.join(map(_named, missing))}" if missing else "")


@dataclass(frozen=True, slots=True)
class CriticalAlerts:
    """Every alert that the case calls critical came as one."""

    name: str = "critical-alerts"
    gate: bool = True
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Share of them."""
        wanted = [w for w in gold.expected.alerts if w.level == "critical"]
        return share({_named(w): came(w, given(trace)) for w in wanted}, "critical alert")


@dataclass(frozen=True, slots=True)
class AlertPrecision:
    """Share of the critical alerts that the case gives a reason for. Lower ones are not counted: no case lists all worth knowing."""

    name: str = "alert-precision"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """A reason: it is expected at any level, it says that something was not checked, or the case is an emergency anyhow."""
        c = given(trace)
        loud = [a for a in c.alerts if a.level == "critical" and a.kind != "not-checked"]
        if not loud:
            return unscored("there is no critical alert")
        if gold.expected.urgency == "emergency":
            return unscored("an emergency gives reason for any of them")
        anyhow = [w.model_copy(update={"level": "notice"}) for w in gold.expected.alerts]
        idle = [a.id for a in loud if not any(meets(one, w) for w in anyhow for one in rule_alerts(a, c))]
        return Score(value=1 - len(idle) / len(loud), why=f"without a reason in the case: {', '.join(idle)}" if idle else "")


@dataclass(frozen=True, slots=True)
class ForbiddenDrugs:
    """No drug that would harm this patient is judged suitable."""

    name: str = "forbidden-drugs"
    gate: bool = True
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """`yes` is the only verdict that breaks it."""
        if not gold.forbidden.drugs:
            return unscored("the case forbids no drug")
        medication = given(trace).medication
        if medication is None:
            return unscored("there is no medication review")
        judged = [o.drug for o in medication.options if o.drug in gold.forbidden.drugs and o.suitable == "yes"]
        return Score(value=0.0 if judged else 1.0, why=f"judged suitable: {', '.join(sorted(set(judged)))}" if judged else "")


@dataclass(frozen=True, slots=True)
class Care:
    """The level of care and its urgency are at least what the case needs; half for each."""

    name: str = "level-of-care"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """More than needed is no fault here; the alert precision sees to that."""
        e, referral = gold.expected, given(trace).referral
        if e.care is None and e.urgency is None:
            return unscored("the case expects no level of care")
        if referral is None:
            return Score(value=0.0, why="no level of care was given")
        right: dict[str, bool] = {}
        if e.care is not None:
            right[f"{e.care} care, not {referral.level}"] = CARE_LEVELS.index(referral.level) >= CARE_LEVELS.index(e.care)
        if e.urgency is not None:
            right[f"{e.urgency}, not {referral.urgency}"] = URGENCIES.index(referral.urgency) <= URGENCIES.index(e.urgency)
        return share(right, "level of care")

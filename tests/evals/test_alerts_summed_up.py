"""An alert that sums others up is scored by what it sums up."""

from __future__ import annotations

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Medication, Patient, Presentation
from yingzhi.evals.cases import GoldAlert
from yingzhi.evals.scorers.safety import came, rule_alerts
from yingzhi.graphs.run import consult
from yingzhi.tools.treatment_alerts import LEVEL

DRUGS = ["warfarin", "aspirin", "ibuprofen", "citalopram"]


async def bled(resources: Resources) -> Consultation:
    case = Presentation(
        text="Psoriasis of elbows and knees.",
        patient=Patient(sex="male", age=72),
        medications=[Medication(name=n) for n in DRUGS],
    )
    return await consult(case, resources)


async def test_every_rule_alert_behind_a_problem_can_be_wanted(resources: Resources) -> None:
    c = await bled(resources)
    assert c.medication is not None
    for raw in c.medication.current.alerts:
        if raw.kind == "interaction":
            assert came(GoldAlert(drugs=raw.drugs, level="notice"), c)


async def test_each_rule_alert_counts_at_its_own_level(resources: Resources) -> None:
    c = await bled(resources)
    assert c.medication is not None
    own = {a.id: LEVEL[a.tier] for a in c.medication.current.alerts}
    told = {one.id: one.level for a in c.alerts if a.sums for one in rule_alerts(a, c)}
    assert told == own
    assert any(len({one.level for one in rule_alerts(a, c)}) > 1 for a in c.alerts), "a problem with parts of different gravity"

"""Drugs that a note says were stopped, are kept, or made trouble long ago."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.history import History
from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.presentation import Medication, Presentation
from yingzhi.graphs.run import consult
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.extraction import Mention
from yingzhi.tools.medication_time import read_courses
from yingzhi.tools.medications import drug_findings
from yingzhi.tools.old_reactions import reaction_to


def history(text: str, r: Resources, *given: str) -> History:
    return read_record({"presentation": Presentation(text=text, medications=[Medication(name=n) for n in given])}, Desk(r))


def listed(text: str, r: Resources, *given: str) -> tuple[dict[str, float | None], list[str]]:
    """What was stopped, with the days since, and what is taken, by id."""
    ended: dict[str, float | None] = {}
    taken: list[str] = []
    for one in history(text, r, *given).medications:
        match = resolve_drug(one.name, r.formulary)
        drug = match.drug if match else one.name
        if one.stopped_days_ago is None:
            taken.append(drug)
        else:
            ended[drug] = one.stopped_days_ago
    return ended, taken


@pytest.mark.parametrize(("text", "drug", "days"), [
    ("A 50-year-old man with psoriasis stopped methotrexate last month.", "methotrexate", 30),
    ("A 50-year-old man. Methotrexate was stopped 3 weeks ago because of nausea.", "methotrexate", 21),
    ("Psoriasis; methotrexate 15 mg weekly for 3 years, stopped 2 months ago.", "methotrexate", 61),
    ("Psoriasis. Took methotrexate for 2 years. It was stopped last month.", "methotrexate", 30),
    ("A 20-year-old woman with acne, previously on isotretinoin (finished 2 years ago).", "isotretinoin", 730),
    ("A 50-year-old man had been treated with prednisone, now off.", "prednisone", 0),
    ("A man with psoriasis on methotrexate until 2 months ago.", "methotrexate", 61),
    ("A man with psoriasis no longer takes methotrexate.", "methotrexate", 0),
    ("Psoriasis flared after stopping prednisone 3 weeks ago.", "prednisone", 21),
    ("男，50岁，银屑病，半年前停用环孢素。", "ciclosporin", 183),
    ("男，50岁，银屑病，因肝酶升高于3月前停用甲氨蝶呤。", "methotrexate", 91),
    ("男，50岁，银屑病，口服甲氨蝶呤2年，已停药。", "methotrexate", 0),
    ("男，50岁，银屑病，甲氨蝶呤已停药3月。", "methotrexate", 91),
    ("男，50岁，银屑病，不再服用甲氨蝶呤。", "methotrexate", 0),
    ("女，30岁，银屑病，阿维A停用1年，痤疮。", "acitretin", 365),
])  # fmt: skip
def test_a_drug_that_was_stopped_is_listed_with_its_end(resources: Resources, text: str, drug: str, days: float) -> None:
    ended, taken = listed(text, resources)
    assert drug not in taken
    assert ended[drug] == pytest.approx(days, abs=1)


@pytest.mark.parametrize(("text", "stopped", "goes_on"), [
    ("A man of 50 with psoriasis stopped methotrexate and started adalimumab.", "methotrexate", "adalimumab"),
    ("Methotrexate was switched to adalimumab 2 months ago; psoriasis.", "methotrexate", "adalimumab"),
    ("A man of 50 with psoriasis is taking methotrexate; stopped ciclosporin.", "ciclosporin", "methotrexate"),
    ("She takes methotrexate and stopped ciclosporin.", "ciclosporin", "methotrexate"),
    ("Psoriasis, takes methotrexate and ciclosporin was stopped last year.", "ciclosporin", "methotrexate"),
    ("Methotrexate (stopped), adalimumab for psoriasis.", "methotrexate", "adalimumab"),
    ("男，50岁，银屑病，停用甲氨蝶呤，改用阿达木单抗。", "methotrexate", "adalimumab"),
    ("男，50岁，银屑病，甲氨蝶呤改为阿达木单抗。", "methotrexate", "adalimumab"),
    ("男，50岁，银屑病，服甲氨蝶呤，已停用环孢素。", "ciclosporin", "methotrexate"),
])  # fmt: skip
def test_stopped_is_said_of_the_right_drug(resources: Resources, text: str, stopped: str, goes_on: str) -> None:
    ended, taken = listed(text, resources)
    assert list(ended) == [stopped]
    assert taken == [goes_on]


@pytest.mark.parametrize("text", [
    "Psoriasis. Methotrexate and ciclosporin were stopped last year.", "男，银屑病，甲氨蝶呤、环孢素均已停用半年。",
])  # fmt: skip
def test_a_list_that_was_stopped_was_stopped_as_a_whole(resources: Resources, text: str) -> None:
    ended, taken = listed(text, resources)
    assert set(ended) == {"methotrexate", "ciclosporin"}
    assert taken == []


@pytest.mark.parametrize("text", [
    "A man with psoriasis has not stopped methotrexate.",
    "A man with psoriasis; methotrexate was not stopped.",
    "A man with psoriasis should stop methotrexate.",
    "A man with psoriasis was advised to stop methotrexate.",
    "Psoriasis. If methotrexate is stopped, it flares.",
    "Psoriasis; methotrexate was stopped and then restarted.",
    "Psoriasis; takes methotrexate and stopped smoking.",
    "Psoriasis; takes methotrexate, itching stopped last week.",
    "Psoriasis, methotrexate on and off for years.",
    "男，银屑病，未停用甲氨蝶呤。",
    "男，银屑病，建议停用甲氨蝶呤。",
    "男，银屑病，甲氨蝶呤不能停用。",
    "男，银屑病，每次停用甲氨蝶呤即复发。",
    "男，银屑病，停用甲氨蝶呤2周后复发，重新服用至今。",
    "男，银屑病，停用激素，继续口服甲氨蝶呤。",
    "男，银屑病，服甲氨蝶呤，激素已停。",
    "男，银屑病，停止吸烟，服甲氨蝶呤。",
])  # fmt: skip
def test_a_plan_a_denial_a_pause_or_another_thing_stopped_leaves_the_drug_taken(resources: Resources, text: str) -> None:
    assert listed(text, resources) == ({}, ["methotrexate"])


@pytest.mark.parametrize("text", [
    "Psoriasis. He stopped methotrexate for 2 weeks before surgery and is now back on it.",
    "Psoriasis. Methotrexate was discontinued in 2020 but reinstated in 2022.",
    "Psoriasis. Stopped methotrexate 3 months ago; restarted 2 weeks ago.",
    "Psoriasis. Methotrexate discontinued 2020. Restarted 2022, now 15 mg weekly.",
    "Psoriasis. Methotrexate was stopped in May and begun again in June.",
    "Psoriasis. Was off methotrexate for a month last year, on it since.",
    "Psoriasis, previously taking methotrexate 10 mg, increased to 20 mg last month.",
    "Psoriasis. Used to take methotrexate by mouth, now injects it.",
    "男，银屑病，甲氨蝶呤自行停药后又自行恢复。",
    "男，银屑病，口服甲氨蝶呤，自行停药2周后复发，又加量至15mg。",
    "男，银屑病，曾间断口服甲氨蝶呤，目前15mg每周。",
    "男，银屑病，服甲氨蝶呤，曾因感染停药2周，感染控制后继续。",
    "男，银屑病，服甲氨蝶呤，停药2周后重启。",
    "Psoriasis. His doctor stopped methotrexate but he did not comply.", "男，银屑病，医生停了甲氨蝶呤，但他还在吃。",
])  # fmt: skip
def test_a_drug_taken_up_again_is_taken_in_the_next_sentence_too(resources: Resources, text: str) -> None:
    assert listed(text, resources) == ({}, ["methotrexate"])


@pytest.mark.parametrize("text", [
    "Psoriasis. Nearly stopped methotrexate.", "Psoriasis. Methotrexate was temporarily stopped.",
    "Psoriasis. He is being weaned off methotrexate.", "Psoriasis. Was methotrexate stopped?",
    "Psoriasis. Unclear whether methotrexate was stopped.", "Psoriasis. All drugs but methotrexate were stopped.",
    "Psoriasis. Stopped her statin, not methotrexate.",
    "男，银屑病，患者拒绝停用甲氨蝶呤。", "男，银屑病，患者要求停用甲氨蝶呤。", "男，银屑病，甲氨蝶呤下周停用。",
    "男，银屑病，甲氨蝶呤，如肝酶升高，停用。", "男，银屑病，若ALT升高，停用甲氨蝶呤。", "男，银屑病，甲氨蝶呤有效，停药后易复发。",
    "男，银屑病，甲氨蝶呤治疗，达停药标准。", "男，银屑病，甲氨蝶呤差点停用。", "男，银屑病，除甲氨蝶呤外均已停用。",
    "停甲氨蝶呤？",
])  # fmt: skip
def test_a_condition_a_refusal_a_question_or_an_exception_leaves_the_drug_taken(resources: Resources, text: str) -> None:
    assert listed(text, resources) == ({}, ["methotrexate"])


@pytest.mark.parametrize("text", ["男，银屑病，拟停甲氨蝶呤，换用阿达木单抗。", "男，银屑病，建议将甲氨蝶呤换为阿达木单抗。"])
def test_a_change_that_is_planned_stops_nothing_yet(resources: Resources, text: str) -> None:
    assert "methotrexate" in listed(text, resources)[1]


@pytest.mark.parametrize("text", [
    "Psoriasis. Methotrexate worked until 2 months ago.", "Psoriasis. She tolerated methotrexate until 2 months ago when nausea began.",
    "Psoriasis. On methotrexate the itching was stopped.",
])  # fmt: skip
def test_what_ended_under_a_drug_is_not_the_drug(resources: Resources, text: str) -> None:
    assert listed(text, resources) == ({}, ["methotrexate"])


@pytest.mark.parametrize("text", [
    "男，银屑病，患者因要求生育，3月前停用甲氨蝶呤。", "男，银屑病，停用甲氨蝶呤后肝功能恢复正常。",
    "男，银屑病，停用甲氨蝶呤后皮疹再次出现。",
    "男，银屑病，停用甲氨蝶呤。建议复查肝功。", "Psoriasis. Methotrexate d/c'd 2 weeks ago.",
    "Psoriasis. Previously treated with methotrexate, off it now.",
])  # fmt: skip
def test_a_wish_or_a_recovery_beside_a_drug_that_was_stopped_keeps_it_stopped(resources: Resources, text: str) -> None:
    ended, taken = listed(text, resources)
    assert set(ended) == {"methotrexate"}
    assert taken == []


@pytest.mark.parametrize(("text", "stopped", "goes_on"), [
    ("Psoriasis. Stopped prednisone but continued methotrexate.", "prednisone", "methotrexate"),
    ("Psoriasis. No longer on ciclosporin but still on methotrexate.", "ciclosporin", "methotrexate"),
    ("Psoriasis. Stopped methotrexate; restarted ciclosporin.", "methotrexate", "ciclosporin"),
    ("男，银屑病，停用甲氨蝶呤，再予阿维A口服。", "methotrexate", "acitretin"),
])  # fmt: skip
def test_going_on_or_again_is_said_of_the_right_drug(resources: Resources, text: str, stopped: str, goes_on: str) -> None:
    ended, taken = listed(text, resources)
    assert list(ended) == [stopped]
    assert taken == [goes_on]


@pytest.mark.parametrize("text", ["A man with psoriasis stopped methotrexate last month.", "男，银屑病，上个月停用甲氨蝶呤。"])
def test_what_the_record_lists_as_taken_is_not_taken_off_by_the_note(resources: Resources, text: str) -> None:
    assert listed(text, resources, "methotrexate") == ({}, ["methotrexate"])


@pytest.mark.parametrize("text", ["Never previously on methotrexate; psoriasis.", "男，银屑病，未曾服用甲氨蝶呤。"])
def test_a_drug_never_taken_is_neither_taken_nor_stopped(resources: Resources, text: str) -> None:
    assert listed(text, resources) == ({}, [])


@pytest.mark.parametrize(("stopped", "going"), [
    ("Psoriasis, man of 50. Stopped methotrexate last month. Takes co-trimoxazole.",
     "Psoriasis, man of 50. Takes methotrexate. Takes co-trimoxazole."),
    ("男，50岁，银屑病，上个月停用甲氨蝶呤，现服复方新诺明。", "男，50岁，银屑病，口服甲氨蝶呤，现服复方新诺明。"),
])  # fmt: skip
async def test_a_stopped_drug_meets_no_other_drug(resources: Resources, stopped: str, going: str) -> None:
    after, before = [await consult(Presentation(text=t), resources) for t in (stopped, going)]
    assert after.medication is not None
    assert before.medication is not None
    assert any(a.kind == "interaction" for a in before.medication.current.alerts)
    assert not any("methotrexate" in a.drugs for a in after.medication.current.alerts)


@pytest.mark.parametrize(("text", "known"), [
    ("A 30-year-old woman with psoriasis stopped acitretin 6 months ago and is trying to conceive.", True),
    ("A 30-year-old woman with psoriasis, acitretin stopped, date unknown.", True),
    ("女，30岁，银屑病，半年前停用阿维A，备孕。", True),
    ("女，30岁，银屑病，阿维A停用5年，备孕。", False),
    ("A 30-year-old woman with acne stopped isotretinoin 2 years ago, trying to conceive.", False),
    ("A 30-year-old man with psoriasis stopped acitretin 6 months ago.", False),
])  # fmt: skip
async def test_the_time_after_the_last_dose_is_still_told(resources: Resources, text: str, known: bool) -> None:
    found = await consult(Presentation(text=text), resources)
    assert found.medication is not None
    waits = [g for g in found.medication.current.not_checked if g.drug in ("acitretin", "isotretinoin") and g.check == "pregnancy"]
    assert bool(waits) is known
    assert any("acitretin" in t.en.lower() for t in found.medication.not_checked) is known


@pytest.mark.parametrize(("months", "told"), [(1, True), (35, True), (40, False)])
def test_a_wash_out_ends_with_its_months(resources: Resources, months: int, told: bool) -> None:
    she = DrugPatient(sex="female", age=30, medications=[Medication(name="acitretin", stopped_days_ago=months * 30.4)])
    review = review_medications([], [], she, resources.formulary)
    assert bool([g for g in review.not_checked if g.drug == "acitretin"]) is told
    assert review.alerts == []


@pytest.mark.parametrize("text", [
    "Man of 40 with fever, painful dusky macules, blisters and skin peeling, mouth erosions. Started carbamazepine 3 weeks ago, "
    "stopped 2 days ago.",
    "男，40岁，发热，全身暗红斑、水疱、表皮剥脱伴疼痛，口腔糜烂。3周前开始服卡马西平，2天前停用。",
])  # fmt: skip
async def test_a_suspect_stopped_just_now_stays_among_the_suspects(resources: Resources, text: str) -> None:
    found = await consult(Presentation(text=text), resources)
    assert found.history is not None
    assert [m.stopped_days_ago for m in found.history.medications] == [2]
    assert any(f.id == "high-risk-drug" for f in found.history.findings)
    alert = next(a for a in found.alerts if a.id == "culprit-carbamazepine")
    assert alert.act is not None
    assert "Already stopped" in alert.act.en


@pytest.mark.parametrize(("text", "exposed"), [
    ("A man with plaques stopped ciclosporin 2 weeks ago.", True), ("A man with plaques stopped ciclosporin 2 years ago.", False),
    ("男，斑块，2周前停用环孢素。", True), ("男，斑块，2年前停用环孢素。", False),
])  # fmt: skip
def test_an_exposure_lasts_for_a_while_after_the_end(resources: Resources, text: str, exposed: bool) -> None:
    found = drug_findings(history(text, resources).medications, resources.formulary, resources.knowledge.findings)
    assert ("immunosuppressant-use" in {f.id for f in found}) is exposed


@pytest.mark.parametrize(("text", "drug"), [
    ("A 30-year-old woman with acne. Amoxicillin gave her a rash in childhood.", "Amoxicillin"),
    ("Woman with acne, hives after penicillin 10 years ago.", "penicillin"),
    ("Man, previous SJS due to lamotrigine, now itchy.", "lamotrigine"),
    ("Man with acne. As a boy he collapsed with hives minutes after a penicillin injection.", "penicillin"),
    ("Man with acne. History of DRESS from allopurinol.", "allopurinol"),
    ("Man with acne. 10 years ago, amoxicillin gave him hives.", "amoxicillin"),
    ("女，30岁，曾因服用卡马西平出现皮疹。", "卡马西平"),
    ("女，30岁，痤疮，10年前服用阿莫西林后出现荨麻疹。", "阿莫西林"),
    ("女，30岁，痤疮，幼时注射青霉素后皮疹。", "青霉素"),
    ("女，30岁，痤疮，有卡马西平药疹史。", "卡马西平"),
    ("女，30岁，痤疮，既往SJS，拉莫三嗪所致。", "拉莫三嗪"),
])  # fmt: skip
def test_the_cause_of_a_reaction_of_old_is_an_allergy_and_not_taken(resources: Resources, text: str, drug: str) -> None:
    found = history(text, resources)
    assert found.patient.allergies == [drug]
    assert found.medications == []


@pytest.mark.parametrize("text", [
    "Woman with acne, hives after penicillin 10 years ago, takes amoxicillin.", "女，痤疮，10年前注射青霉素后出现荨麻疹，现服阿莫西林。",
])  # fmt: skip
async def test_a_reaction_of_old_warns_of_its_relatives(resources: Resources, text: str) -> None:
    found = await consult(Presentation(text=text), resources)
    assert found.medication is not None
    assert any(a.kind == "allergy" and a.drugs == ["amoxicillin"] for a in found.medication.current.alerts)


@pytest.mark.parametrize(("text", "drug"), [
    ("Man with rash 2 weeks after starting carbamazepine.", "carbamazepine"),
    ("Psoriasis for 10 years; a rash after amoxicillin yesterday.", "amoxicillin"),
    ("Previously well; rash after carbamazepine.", "carbamazepine"),
    ("男，40岁，服用别嘌醇2周后出现皮疹。", "allopurinol"),
    ("男，40岁，既往体健，服用别嘌醇2周后出现皮疹。", "allopurinol"),
    ("男，40岁，2周前曾因服用卡马西平出现皮疹。", "carbamazepine"),
])  # fmt: skip
def test_a_culprit_of_the_present_illness_stays_taken(resources: Resources, text: str, drug: str) -> None:
    assert listed(text, resources) == ({}, [drug])
    assert history(text, resources).patient.allergies == []


@pytest.mark.parametrize(("text", "drug"), [
    ("Fixed drug eruption from ibuprofen 3 months ago.", "ibuprofen"), ("男，40岁，1年前服用别嘌醇后出现皮疹，反复至今。", "allopurinol"),
])  # fmt: skip
def test_where_it_is_not_certain_the_drug_is_taken_and_an_allergy(resources: Resources, text: str, drug: str) -> None:
    assert listed(text, resources) == ({}, [drug])
    assert len(history(text, resources).patient.allergies) == 1


@pytest.mark.parametrize(("text", "drug"), [
    ("Previously healthy, developed hives after ibuprofen.", "ibuprofen"),
    ("Long history of eczema with itching after prednisone was reduced.", "prednisone"),
    ("男，既往有药物过敏史，口服甲氨蝶呤出现皮疹。", "methotrexate"),
    ("男，过去1周服阿莫西林后出现皮疹。", "amoxicillin"),
    ("男，既往痛风服别嘌醇后出现皮疹。", "allopurinol"),
])  # fmt: skip
def test_the_past_of_another_illness_takes_no_drug_off_the_list(resources: Resources, text: str, drug: str) -> None:
    assert listed(text, resources) == ({}, [drug])


@pytest.mark.parametrize(("text", "drug"), [
    ("10 years ago rash after allopurinol; took it again 3 days ago.", "allopurinol"),
    ("Once had a rash after allopurinol; restarted it last month.", "allopurinol"),
    ("Previous drug eruption from allopurinol 300 mg, dose halved, continues.", "allopurinol"),
    ("10年前服别嘌醇后皮疹，3天前再次服用后发热皮疹。", "allopurinol"),
    ("小时候服阿莫西林后皮疹，昨日又服。", "amoxicillin"),
])  # fmt: skip
def test_a_drug_that_was_taken_again_after_a_reaction_is_taken_and_an_allergy(resources: Resources, text: str, drug: str) -> None:
    assert listed(text, resources) == ({}, [drug])
    assert len(history(text, resources).patient.allergies) == 1


@pytest.mark.parametrize("text", [
    "Man with a history of urticaria, relieved in the past by loratadine.", "Previously itching treated with loratadine.",
    "男，曾服用氯雷他定后瘙痒缓解。", "男，曾服用氯雷他定后未出现皮疹。", "Man, no rash after loratadine in childhood.",
    "Her mother had hives after loratadine in childhood.",
])  # fmt: skip
def test_a_drug_that_helped_did_no_harm_or_was_anothers_is_no_allergy(resources: Resources, text: str) -> None:
    assert history(text, resources).patient.allergies == []


@pytest.mark.parametrize("text", [
    "Weals for three days; also takes valsartan/hydrochlorothiazide.", "Weals; takes valsartan/hydrochlorothiazide as well.",
    "躯干风团3天，另服缬沙坦氢氯噻嗪片1年。",
])  # fmt: skip
async def test_a_combined_tablet_taken_besides_is_a_double_dose(resources: Resources, text: str) -> None:
    given = [Medication(name="valsartan"), Medication(name="hydrochlorothiazide")]
    found = history(text, resources, *(m.name for m in given)).medications
    combined = [m for m in found if (match := resolve_drug(m.name, resources.formulary)) and match.drug == "valsartan-hydrochlorothiazide"]
    assert len(combined) == 1
    consulted = await consult(Presentation(text=text, medications=given), resources)
    assert any(raw.startswith("duplicate-content") for a in consulted.alerts for raw in a.sums)


@given(
    st.lists(
        st.sampled_from(["stopped ", "not ", "should ", "methotrexate ", "and ", ", ", "last month ", "停用", "甲氨蝶呤", "未", "，"]),
        max_size=14,
    )
)
@settings(max_examples=200, deadline=None)
def test_every_mention_has_one_judgement_and_a_time_only_when_stopped(parts: list[str]) -> None:
    text = "".join(parts)
    drugs: list[Mention] = []
    at = 0
    for part in parts:
        if part.strip() in ("methotrexate", "甲氨蝶呤"):
            drugs.append(Mention("methotrexate", "present", at, at + len(part.strip())))
        at += len(part)
    found = read_courses(text, drugs)
    assert len(found) == len(drugs)
    assert all(c.days is None or (c.standing == "stopped" and c.days >= 0) for c in found)


@pytest.mark.parametrize("unit", [
    "stopped methotrexate ", "rash after methotrexate ", "methotrexate and ", "methotrexate was stopped and ",
    "previously on the his her methotrexate ", "甲氨蝶呤，", "停用甲氨蝶呤，", "曾因服用甲氨蝶呤皮疹，",
])  # fmt: skip
def test_a_long_note_without_a_full_stop_is_read_in_time(unit: str) -> None:
    text = unit * (95_000 // len(unit))
    word = "methotrexate" if "methotrexate" in unit else "甲氨蝶呤"
    drugs = [Mention("methotrexate", "present", i, i + len(word)) for i in range(len(text)) if text.startswith(word, i)][:2000]
    began = time.process_time()
    read_courses(text, drugs)
    for one in drugs:
        reaction_to(text, one)
    assert time.process_time() - began < 4.0

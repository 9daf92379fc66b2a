"""Kinds of misreading that made one language raise an alert which the other did not: each on sentences of both."""

from __future__ import annotations

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Medication, Presentation
from yingzhi.graphs.run import consult
from yingzhi.tools.extraction import extract, merge_mentions
from yingzhi.tools.vaccines import vaccine_counts


def read(text: str, resources: Resources) -> dict[str, str]:
    """The patient's findings of today, with their status."""
    found = merge_mentions(text, extract(text, resources.lexicon).findings, resources.knowledge.findings)
    return {f.id: f.status for f in found if f.experiencer == "patient" and f.temporality == "current"}


async def alerts(text: str, resources: Resources, *drugs: str) -> set[str]:
    medications = [Medication(name=d) for d in drugs]
    consultation: Consultation = await consult(Presentation(text=text, medications=medications), resources)
    return {a.id for a in consultation.alerts if a.kind != "model"}


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("前臂划痕处带状红斑，无水疱。", "dermatomal"),
        ("右下睑浮肿，微红。", "facial-oedema"),
        ("The left lower eyelid is puffy.", "facial-oedema"),
        ("The upper lip swelled in the night.", "facial-oedema"),
        ("鼻背水肿性红斑，无鳞屑。", "facial-oedema"),
        ("双足背动脉搏动减弱。", "claudication"),
        ("Foot pulses are weak on both sides.", "hypotension"),
        ("The story fits what the mother told us.", "seizures"),
        ("The elbow was sore after the fall.", "ulcer"),
        ("总不好意思来看病。", "wound-does-not-heal"),
        ("A boil with a necrotic plug on the thigh.", "necrosis"),
        ("Red streaks along the lines of Blaschko on the arm.", "red-streak"),
        ("The itch is worst in the arm with the fistula.", "fistula"),
        ("面部红斑终年不愈。", "wound-does-not-heal"),
    ],
)
def test_words_that_only_resemble_a_danger_sign_are_none(text: str, finding: str, resources: Resources) -> None:
    assert read(text, resources).get(finding) != "present"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("左胸背部簇集水疱，呈带状，不过中线。", "dermatomal"),
        ("The face is swollen since this morning.", "facial-oedema"),
        ("面部水肿3天。", "facial-oedema"),
        ("Several tense blisters, two of them bloody.", "haemorrhagic-blister"),
        ("Six months of ointments, and nothing heals.", "wound-does-not-heal"),
        ("斑块中央发黑，剧痛。", "necrosis"),
        ("Since the new tablets he is sleepy and unsteady.", "altered-consciousness"),
        ("The lump doubled in three weeks.", "rapid-growth"),
        ("The mole on her calf sometimes bleeds.", "bleeding-easily"),
        ("外用激素乳膏3支，略好转。", "responds-to-topical-steroid"),
        ("Voice was hoarse from the second hour on.", "hoarseness"),
        ("全身90%以上皮肤潮红脱屑。", "erythroderma"),
    ],
)
def test_what_the_other_language_reads_is_read(text: str, finding: str, resources: Resources) -> None:
    assert read(text, resources).get(finding) == "present"


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("腋窝淋巴结未肿大。", {"regional-lymphadenopathy"}),
        ("去年体检肝炎抗体均阴性，皮疹3天。", {"liver-disease"}),
        ("结节从未破溃流脓。", {"draining-discharge", "ulcer"}),
        ("躯干未见水疱、脓疱。", {"vesicle", "pustule"}),
        ("None itches or hurts.", {"pruritus", "pain"}),
        ("Of the lumps none is tender.", {"skin-tenderness"}),
    ],
)
def test_a_denial_reaches_all_that_it_denies(text: str, absent: set[str], resources: Resources) -> None:
    found = read(text, resources)
    assert {i for i in absent if found.get(i) == "absent"} == absent


def test_what_the_patient_did_not_mention_and_the_doctor_saw_is_there(resources: Resources) -> None:
    assert read("患者未诉：趾间浸渍、脱屑。", resources)["maceration"] == "present"
    assert read("患者未诉瘙痒、疼痛。", resources) == {"pruritus": "absent", "pain": "absent"}


def test_attacks_that_are_counted_belong_to_the_illness(resources: Resources) -> None:
    assert read("近半年曾3次夜间口唇肿胀。", resources)["lip-tongue-swelling"] == "present"
    assert "lip-tongue-swelling" not in read("既往曾有口唇肿胀。", resources)


@pytest.mark.parametrize("text", ["Brother: psoriasis.", "Mother: vitiligo, psoriasis.", "父亲：银屑病。", "姐姐：白癜风、银屑病。"])
def test_a_disease_listed_behind_a_relative_is_the_relatives(text: str, resources: Resources) -> None:
    named = [m for m in extract(text, resources.lexicon).diseases if m.id == "psoriasis-vulgaris"]
    read_as = [m for m in extract(text, resources.lexicon).findings if m.id == "previous-psoriasis"]
    assert named or read_as
    assert {m.experiencer for m in (*named, *read_as)} == {"family"}


@pytest.mark.parametrize("text", ["妈妈：孩子身上起风团。", "Mum: he has weals all over."])
def test_what_a_relative_tells_stays_the_patients(text: str, resources: Resources) -> None:
    assert read(text, resources)["weal"] == "present"


def test_a_mothers_fever_before_the_birth_is_not_the_babys(resources: Resources) -> None:
    assert "fever" not in read("The mother, 31, is well now, but a week before the birth she had fever and a sore throat.", resources)
    assert read("The mother says that he has had fever since the birth.", resources)["fever"] == "present"


@pytest.mark.parametrize(
    ("text", "name", "counts"),
    [
        ("每年冬天打流感疫苗。", "流感疫苗", False),
        ("幼时接种过水痘疫苗。", "水痘疫苗", False),
        ("拟下周接种水痘疫苗。", "水痘疫苗", True),
        ("10天前打了水痘疫苗。", "水痘疫苗", True),
        ("Had her chickenpox vaccine as a toddler. Last week a rash.", "chickenpox vaccine", False),
        ("Flu jab every winter.", "Flu jab", False),
        ("He asks for the chickenpox vaccine before travel.", "chickenpox vaccine", True),
        ("Yellow fever vaccine two weeks ago.", "Yellow fever vaccine", True),
    ],
)
def test_only_a_vaccine_planned_or_just_given_meets_the_drugs_of_today(text: str, name: str, counts: bool, resources: Resources) -> None:
    start = text.index(name)
    assert vaccine_counts(text, start, start + len(name)) is counts
    assert bool(extract(text, resources.lexicon).drugs) is counts


@pytest.mark.parametrize("text", ["幼时接种过水痘疫苗，手背红斑2周。", "Had the chickenpox vaccine as a boy. Red patches on the hands."])
async def test_a_vaccine_of_childhood_raises_nothing_under_an_immunosuppressant(text: str, resources: Resources) -> None:
    assert not {a for a in await alerts(text, resources, "tacrolimus") if "vaccine" in a}


@pytest.mark.parametrize(
    "text", ["拟下周接种水痘疫苗，手背红斑2周。", "She is booked for the chickenpox vaccine. Red patches on the hands."]
)
async def test_a_live_vaccine_that_is_planned_still_does(text: str, resources: Resources) -> None:
    without = await alerts(text.replace("水痘疫苗", "体检").replace("chickenpox vaccine", "check-up"), resources, "tacrolimus")
    assert await alerts(text, resources, "tacrolimus") - without


@pytest.mark.parametrize("text", ["服缬沙坦氢氯噻嗪片1年，躯干风团3天。", "Weals for three days; takes valsartan/hydrochlorothiazide."])
async def test_a_combined_tablet_is_not_counted_beside_its_parts(text: str, resources: Resources) -> None:
    found = await consult(
        Presentation(text=text, medications=[Medication(name="valsartan"), Medication(name="hydrochlorothiazide")]), resources
    )
    assert found.history
    assert [m.name for m in found.history.medications] == ["valsartan", "hydrochlorothiazide"]
    assert not {a.id for a in found.alerts if "duplicate" in a.id}


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("服氢氯噻嗪1年，躯干风团3天。", "valsartan and hydrochlorothiazide"),
        ("Weals for three days; takes hydrochlorothiazide.", "valsartan and hydrochlorothiazide"),
        ("服缬沙坦氢氯噻嗪片1年，躯干风团3天。", "valsartan"),
        ("Weals for three days; takes valsartan/hydrochlorothiazide.", "valsartan"),
    ],
)
async def test_a_part_beside_a_combination_is_still_told_as_taken_twice(text: str, listed: str, resources: Resources) -> None:
    name = resources.formulary.drugs["valsartan-hydrochlorothiazide"].names.en if "and" in listed else listed
    found = await consult(Presentation(text=text, medications=[Medication(name=name)]), resources)
    summed = {raw for a in found.alerts for raw in a.sums}
    assert {raw for raw in summed if raw.startswith("duplicate")}


@pytest.mark.parametrize(
    "text",
    [
        "男，50岁。三叉神经痛服卡马西平2周后，面部松弛性水疱，表皮剥脱，尼氏征阳性，双眼充血。",
        "Man of 50. Two weeks of carbamazepine for trigeminal neuralgia; flaccid blisters of the face with sheets of detached epidermis, "
        "Nikolsky sign positive, both eyes red.",
    ],
)
async def test_detaching_skin_round_the_eyes_is_no_zoster(text: str, resources: Resources) -> None:
    found = await alerts(text, resources)
    assert "zoster-near-the-eye" not in found
    assert found & {"epidermal-detachment-with-mucosa", "new-drug-with-mucosal-erosion", "finding-epidermal-detachment"}


@pytest.mark.parametrize(
    "text",
    [
        "男，66岁。右前额簇集水疱3天，呈带状，不过中线，右眼红痛。",
        "Man of 66. Clustered vesicles in a dermatomal band on the right forehead, right eye red.",
    ],
)
async def test_zoster_near_the_eye_is_still_called(text: str, resources: Resources) -> None:
    assert "zoster-near-the-eye" in await alerts(text, resources)


@pytest.mark.parametrize("text", ["女，58岁。小腿黑痣近来擦碰出血。", "Woman of 58. A mole on the calf bleeds when she dries herself."])
async def test_a_mole_that_bleeds_has_changed(text: str, resources: Resources) -> None:
    assert "changing-pigmented-lesion" in await alerts(text, resources)


@pytest.mark.parametrize(
    "text",
    [
        "女，60岁。巨舌，眼睑紫色瘀斑及蜡样丘疹，上楼气喘。",
        "Woman of 60. Large tongue, waxy papules and purple lids, breathless on the stairs, macroglossia.",
    ],
)
async def test_purple_lids_of_amyloidosis_are_no_dermatomyositis(text: str, resources: Resources) -> None:
    found = await alerts(text, resources)
    assert "mda5-pattern" not in found
    assert "finding-dyspnoea" in found


@pytest.mark.parametrize("text", ["服苯妥英14天后高热，皮疹。", "Fourteen days after starting phenytoin high fever and a rash."])
async def test_how_long_after_a_drug_is_not_how_long_the_fever(text: str, resources: Resources) -> None:
    assert "finding-fever-5-days" not in await alerts(text, resources)


@pytest.mark.parametrize("text", ["下唇肿胀2次，各1天。躯干风团。", "The lower lip swelled twice, a day each. Weals on the trunk."])
async def test_a_single_danger_sign_is_no_routine(text: str, resources: Resources) -> None:
    found = await consult(Presentation(text=text), resources)
    assert any(a.id == "finding-lip-tongue-swelling" for a in found.alerts)
    assert found.referral
    assert found.referral.urgency != "routine"

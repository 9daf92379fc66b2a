"""What a note says is not there, was there, may be there or is another's: rules of the reader, each on both languages."""

from __future__ import annotations

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.finding import Finding
from yingzhi.tools.extraction import extract, merge_mentions


def findings(text: str, resources: Resources) -> dict[str, Finding]:
    mentions = extract(text, resources.lexicon).findings
    return {f.id: f for f in merge_mentions(text, mentions, resources.knowledge.findings) if f.experiencer == "patient"}


def statuses(text: str, resources: Resources) -> dict[str, str]:
    return {i: f.status for i, f in findings(text, resources).items() if f.temporality == "current"}


@pytest.mark.parametrize(
    ("text", "absent", "present"),
    [
        ("Denies fever, chills or weight loss.", {"fever", "chills", "weight-loss"}, set()),
        ("No fever, chills, night sweats, or joint pain; itchy weals.", {"fever", "chills", "night-sweats", "arthralgia"}, {"weal"}),
        ("Not itchy, patchy hair loss.", {"pruritus"}, {"patchy-hair-loss"}),
        ("No fever but pustules on the palms.", {"fever"}, {"pustule", "palm"}),
        ("The plaque is neither scaly nor tender.", {"scale", "skin-tenderness"}, {"plaque"}),
        ("Itching without any rash, yellow eyes, pale stools.", set(), {"generalised-itch-without-rash", "dark-urine-pale-stool"}),
        ("Absent pulses, cold feet, smoker.", set(), {"absent-foot-pulse", "smoking"}),
        ("否认发热、咳嗽、关节痛及体重下降。", {"fever", "cough", "arthralgia", "weight-loss"}, set()),
        ("否认发热，咳嗽，关节痛，双手可见水疱。", {"fever", "cough"}, {"vesicle", "hand"}),
        ("未见水疱、糜烂及渗出，可见鳞屑。", {"vesicle", "erosion"}, {"scale"}),
        ("无发热，躯干见风团。", {"fever"}, {"weal", "trunk"}),
        ("压之不褪色，伴发热。", set(), {"non-blanching", "fever"}),
        ("皮疹既不痒也不痛。", {"pruritus", "pain"}, set()),
        ("A papule that did not itch and gave no symptoms.", {"pruritus"}, {"asymptomatic"}),
        ("丘疹不痒，无自觉症状。", {"pruritus"}, {"asymptomatic"}),
    ],
)
def test_a_denial_reaches_along_its_list_and_no_further(text: str, absent: set[str], present: set[str], resources: Resources) -> None:
    read = statuses(text, resources)
    assert {i for i in absent | present if read.get(i) == "absent"} == absent
    assert {i for i in absent | present if read.get(i) == "present"} == present


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("口腔无糜烂。", "oral-mucosa"),
        ("口腔、外阴未见糜烂及溃疡。", "oral-mucosa"),
        ("口腔、外阴未见糜烂及溃疡。", "genital"),
        ("头皮、甲未累及。", "scalp"),
        ("Mouth, eyes and genitals clear.", "oral-mucosa"),
        ("The scalp is clear; the palms are spared.", "palm"),
        ("Chest X-ray normal, itchy shins.", "chest"),
        ("胸片未见异常，小腿瘙痒。", "chest"),
    ],
)
def test_a_site_where_nothing_was_found_is_no_site_of_the_rash(text: str, site: str, resources: Resources) -> None:
    assert statuses(text, resources).get(site) != "present"


@pytest.mark.parametrize(
    ("text", "lesions"),
    [
        ("No oral, ocular or genital lesions.", {"oral-lesion", "genital-lesion"}),
        ("口腔、外阴未见异常。", {"oral-lesion", "genital-lesion"}),
    ],
)
def test_clear_sites_deny_the_lesions_of_the_site(text: str, lesions: set[str], resources: Resources) -> None:
    read = statuses(text, resources)
    assert {read.get(i) for i in lesions} == {"absent"}


@pytest.mark.parametrize(
    ("text", "finding", "status"),
    [
        ("The patient does not deny fever.", "fever", "present"),
        ("Not without pain.", "pain", "present"),
        ("The lump is not painless.", "pain", "present"),
        ("并非没有瘙痒。", "pruritus", "present"),
        ("不是没有发热。", "fever", "present"),
    ],
)
def test_a_double_denial_affirms(text: str, finding: str, status: str, resources: Resources) -> None:
    assert statuses(text, resources).get(finding) == status


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("A negative swab rules out staphylococcal infection; impetigo was excluded.", "impetigo"),
        ("Biopsy to rule out melanoma.", "melanoma"),
        ("排除带状疱疹。", "herpes-zoster"),
        ("不排除药疹。", "exanthematous-drug-eruption"),
        ("疑似银屑病。", "psoriasis-vulgaris"),
        ("Possible scabies.", "scabies"),
    ],
)
def test_a_disease_that_is_ruled_out_or_in_doubt_is_not_taken_as_there(text: str, finding: str, resources: Resources) -> None:
    named = [d for d in extract(text, resources.lexicon).diseases if d.id == finding]
    assert named
    assert all(d.status in {"absent", "uncertain"} for d in named)


@pytest.mark.parametrize(
    "text",
    [
        "Return if fever develops.",
        "Come back at once if there is a fever, blistering or a sore mouth.",
        "She should see a doctor if she develops a fever.",
        "如出现发热请立即就诊。",
        "若有发热、水疱，及时复诊。",
    ],
)
def test_advice_for_later_is_no_finding_of_today(text: str, resources: Resources) -> None:
    assert not {"fever", "blister", "vesicle", "oral-pain"} & set(findings(text, resources))


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("Had a fever last week, which has resolved.", "fever"),
        ("Previously had blisters on the hands.", "blister"),
        ("上周发热，现已退。", "fever"),
        ("既往曾有手部水疱。", "blister"),
    ],
)
def test_what_is_over_is_past(text: str, finding: str, resources: Resources) -> None:
    assert findings(text, resources)[finding].temporality == "past"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("既往肝硬化，左小腿血疱。", "haemorrhagic-blister"),
        ("Had blisters last year, and now there are pustules.", "pustule"),
        ("去年起水疱，现为脓疱。", "pustule"),
    ],
)
def test_what_is_seen_today_is_current_after_a_word_on_the_past(text: str, finding: str, resources: Resources) -> None:
    assert findings(text, resources)[finding].temporality == "current"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("His brother has the same itchy rash.", "contact-with-similar-case"),
        ("Her sister had chickenpox last week.", "contact-with-similar-case"),
        ("同宿舍同学有类似皮疹。", "contact-with-similar-case"),
        ("父亲患银屑病。", "family-psoriasis"),
        ("Her mother has psoriasis.", "family-psoriasis"),
    ],
)
def test_what_a_relative_has_is_a_contact_or_a_family_trait(text: str, finding: str, resources: Resources) -> None:
    from yingzhi.tools.observations import family_findings

    read = extract(text, resources.lexicon)
    merged = merge_mentions(text, read.findings, resources.knowledge.findings)
    theirs = family_findings(
        (d.id for d in read.diseases if d.experiencer == "family"),
        (f.id for f in merged if f.experiencer == "family" and f.status == "present"),
    )
    mine = {f.id for f in merged if f.experiencer == "patient" and f.status == "present"}
    assert finding in mine | theirs | ({"contact-with-similar-case"} if "family-same-condition" in mine | theirs else set())
    assert not {"weal", "vesicle"} & mine


@pytest.mark.parametrize(
    ("text", "finding", "status"),
    [
        ("Getting better; less red than last week.", "progressive", "absent"),
        ("The patch is getting worse and larger than before.", "progressive", "present"),
        ("皮疹较前明显好转。", "progressive", "absent"),
        ("皮疹逐渐加重。", "progressive", "present"),
        ("The lump has grown since last year.", "enlarging", "present"),
        ("结节较前缩小。", "enlarging", "absent"),
    ],
)
def test_a_comparison_over_time_is_read(text: str, finding: str, status: str, resources: Resources) -> None:
    assert statuses(text, resources).get(finding) == status


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("Possible burrows in the finger webs.", "burrow"),
        ("？可疑隧道。", "burrow"),
        ("疑似水疱。", "vesicle"),
        ("Maybe a few pustules.", "pustule"),
    ],
)
def test_a_doubtful_finding_is_uncertain(text: str, finding: str, resources: Resources) -> None:
    assert statuses(text, resources).get(finding) == "uncertain"


def test_a_doubt_is_about_the_lesion_and_not_about_its_place(resources: Resources) -> None:
    assert statuses("Possible burrow on the wrist.", resources).get("wrist") == "present"


def test_where_mentions_disagree_present_wins(resources: Resources) -> None:
    read = statuses("No fever at first. Fever since yesterday.", resources)
    assert read["fever"] == "present"

"""Cards for draft orders: what speaks against them in this patient, and what was not checked."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.service.cds.calls import (
    about,
    allergy,
    answered,
    bundle,
    call,
    coded,
    condition,
    days,
    order,
    patient,
    result,
    signed,
    statement,
    topics,
)
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.words import Language
from yingzhi.service.cds import Card
from yingzhi.tools.formulary import load_formulary

DRUGS = sorted(load_formulary().drugs)
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def test_a_contraindicated_pair_is_critical_and_only_the_draft_can_be_removed(resources: Resources) -> None:
    card = about(
        signed(resources, "trimethoprim 100 MG Oral Tablet", requests=bundle(order("methotrexate 2.5 MG Oral Tablet"))), "interaction"
    )
    assert card.indicator == "critical"
    assert "Methotrexate" in card.summary
    assert "Trimethoprim" in card.summary
    assert card.suggestions is not None
    assert [a.resource_id for s in card.suggestions for a in s.actions] == ["MedicationRequest/d0"]


def test_the_same_pair_is_found_in_chinese_names_and_told_in_chinese(resources: Resources) -> None:
    card = about(signed(resources, "甲氧苄啶片", lang="zh", statements=bundle(statement("甲氨蝶呤片 2.5mg"))), "interaction")
    assert card.indicator == "critical"
    assert card.summary == "禁忌：甲氨蝶呤＋甲氧苄啶"


@pytest.mark.parametrize("words", ["妊娠", "Pregnancy", "Pregnant 12 weeks"])
def test_a_pregnancy_on_the_problem_list_speaks_against_isotretinoin(resources: Resources, words: str) -> None:
    card = about(signed(resources, "isotretinoin", conditions=bundle(condition(words))), "pregnancy")
    assert card.indicator == "critical"


def test_a_pregnancy_that_is_over_does_not_count(resources: Resources) -> None:
    over = condition("Pregnancy", clinicalStatus={"coding": [{"code": "resolved"}]})
    assert "pregnancy" not in topics(signed(resources, "isotretinoin", conditions=bundle(over)))


def test_a_pregnancy_test_of_last_year_is_no_answer(resources: Resources) -> None:
    def asked(ago: float) -> list[Card]:
        observed = {"code": coded("82810-3"), "valueCodeableConcept": {"text": "Not pregnant"}, "effectiveDateTime": days(ago)}
        return signed(resources, "acitretin", pregnancy=bundle({"resourceType": "Observation", "status": "final", **observed}))

    def open_question(cards: list[Card]) -> bool:
        return any("pregnant" in c.detail for c in cards if c.source.topic and c.source.topic.code == "not-checked" and c.detail)

    assert not open_question(asked(5))
    assert open_question(asked(365))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ({"text": "Creatinine"}, True),
        ({"text": "血肌酐"}, True),
        (coded("2160-0"), True),
        (coded("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"), True),
        (coded("2161-8", "Creatinine [Mass/volume] in Urine"), False),
    ],
)
def test_kidney_function_is_read_from_blood_and_from_nothing_else(resources: Resources, code: dict[str, object], found: bool) -> None:
    cards = signed(resources, "methotrexate", laboratory=bundle(result("", 2.4, "mg/dL", code=code)))
    assert ("renal" in topics(cards)) is found


def test_an_estimate_of_gfr_under_its_long_name_counts(resources: Resources) -> None:
    name = (
        "Glomerular filtration rate/1.73 sq M.predicted [Volume Rate/Area] in Serum, Plasma or Blood by Creatinine-based formula (CKD-EPI)"
    )
    cards = signed(resources, "methotrexate", laboratory=bundle(result("", 22, "mL/min/{1.73_m2}", code={"coding": [{"display": name}]})))
    assert "22" in about(cards, "renal").summary


def test_the_newest_creatinine_decides(resources: Resources) -> None:
    old, new = result("Creatinine", 3.0, "mg/dL", ago=300), result("Creatinine", 0.7, "mg/dL", ago=2)
    assert "renal" not in topics(signed(resources, "methotrexate", laboratory=bundle(old, new)))
    assert "renal" in topics(signed(resources, "methotrexate", laboratory=bundle(old)))


def test_a_recorded_allergy_to_the_group_is_found_and_a_disproved_one_is_not(resources: Resources) -> None:
    assert about(signed(resources, "amoxicillin", allergies=bundle(allergy("Penicillin"))), "allergy").indicator in {"critical", "warning"}
    refuted = allergy("Penicillin", verificationStatus={"coding": [{"code": "refuted"}]})
    assert "allergy" not in topics(
        signed(resources, "amoxicillin", allergies=bundle(refuted, allergy("No known allergies"), allergy("否认药物过敏史")))
    )


def test_a_food_is_no_open_question_of_the_drug_check(resources: Resources) -> None:
    peanut = allergy("Peanut", category=["food"])
    told = [c.detail for c in signed(resources, "loratadine", allergies=bundle(peanut))]
    assert not any("Peanut" in (d or "") for d in told)


def test_the_same_drug_twice_is_told_but_not_when_an_order_is_signed_again(resources: Resources) -> None:
    taken = bundle(order("methotrexate 2.5 mg", "m1"))
    assert about(signed(resources, "methotrexate", requests=taken), "duplicate").indicator == "warning"
    again = answered(call("order-sign", [order("methotrexate 2.5 mg", "m1", "active")], requests=taken), resources)
    assert "duplicate" not in topics(again)


def test_a_cream_is_no_duplicate_of_the_tablet(resources: Resources) -> None:
    cream = order("metronidazole", "d1", "draft", dosageInstruction=[{"route": {"text": "topical"}}])
    cards = answered(call("order-sign", [cream], requests=bundle(order("metronidazole 400 mg tablet"))), resources)
    assert "duplicate" not in topics(cards)


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Not checked: not in the formulary: Qwertyzumab"), ("zh", "未核查：药品知识库中无此药：Qwertyzumab")]
)
def test_a_drug_that_is_not_known_gives_a_card_that_says_it_was_not_checked(resources: Resources, lang: Language, words: str) -> None:
    card = about(signed(resources, "Qwertyzumab", lang=lang), "not-checked")
    assert (card.summary, card.indicator) == (words, "info")


def test_a_current_drug_that_is_not_known_is_told_too(resources: Resources) -> None:
    assert "Qwertyzumab" in about(signed(resources, "loratadine", statements=bundle(statement("Qwertyzumab"))), "not-checked").summary


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_failed_check_is_a_card_and_never_an_empty_list(resources: Resources, lang: Language) -> None:
    broken = dataclasses.replace(resources, formulary=dataclasses.replace(resources.formulary, rules=()))
    assert signed(resources, "loratadine", lang=lang) == []  # nothing speaks against it while the check works
    cards = signed(broken, "trimethoprim", "methotrexate", lang=lang)
    failed = [c for c in cards if c.summary.startswith(("Not checked: drug safety", "未核查：用药安全"))]
    assert [c.indicator for c in failed] == ["warning"]


def test_a_record_that_cannot_be_read_still_leaves_the_interactions(resources: Resources) -> None:
    cards = signed(
        resources, "trimethoprim", patient=patient(gender="male"), requests=bundle(order("methotrexate")),
        pregnancy=bundle({"resourceType": "Observation", "status": "final", "code": coded("82810-3"), "valueString": "Pregnant"}),
    )  # fmt: skip
    assert about(cards, "interaction").indicator == "critical"
    assert any("a male patient can't be pregnant" in (c.detail or "") for c in cards if c.summary.startswith("Not checked: the record"))


def test_what_the_client_did_not_supply_is_told_and_null_is_an_answer(resources: Resources) -> None:
    body = call("order-sign", [order("loratadine", "d1", "draft")])
    assert answered(body, resources) == []
    del body["prefetch"]["allergies"], body["prefetch"]["laboratory"]
    card = about(answered(body, resources), "not-checked")
    assert card.summary == "Checked without: Allergies: not supplied; Laboratory results: not supplied"


def test_a_failed_or_paged_fetch_is_told(resources: Resources) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
    paged = bundle(condition("Psoriasis"), link=[{"relation": "next", "url": "https://ehr.example/next"}])
    summary = about(signed(resources, "loratadine", allergies=outcome, conditions=paged), "not-checked").summary
    assert "Allergies: the client could not fetch it" in summary
    assert "Diagnoses: only the first page was supplied" in summary


def test_drugs_without_a_name_are_counted(resources: Resources) -> None:
    nameless = order("x", "d1", "draft", medicationCodeableConcept={"coding": [{"system": "http://example.org", "code": "617993"}]})
    assert about(answered(call("order-sign", [nameless]), resources), "not-checked").summary.endswith(
        "1 draft orders without a drug's name"
    )


@pytest.mark.parametrize(
    "named",
    [
        {"medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "J01EA01"}]}},
        {"medicationCodeableConcept": {"text": "local code 17", "coding": [{"display": "trimethoprim 100 MG Oral Tablet [Monotrim]"}]}},
        {
            "medicationReference": {"reference": "#m"},
            "contained": [
                {"resourceType": "PractitionerRole", "id": "p", "code": [{}]},
                {"resourceType": "Medication", "id": "m", "code": {"text": "trimethoprim"}},
            ],
        },
        {"medicationReference": {"reference": "Medication/other", "display": "trimethoprim"}},
    ],
)
def test_a_drug_is_known_by_code_by_catalogue_name_and_by_reference(resources: Resources, named: dict[str, object]) -> None:
    draft = order("x", "d1", "draft")
    del draft["medicationCodeableConcept"]
    cards = answered(call("order-sign", [{**draft, **named}], requests=bundle(order("methotrexate"))), resources)
    assert about(cards, "interaction").indicator == "critical"


def test_select_speaks_of_what_was_selected(resources: Resources) -> None:
    drafts = [order("trimethoprim", "d1", "draft"), order("isotretinoin", "d2", "draft")]
    facts = {"requests": bundle(order("methotrexate")), "conditions": bundle(condition("Pregnancy"))}
    one = answered(call("order-select", drafts, ["MedicationRequest/d1"], **facts), resources)
    assert not any("Isotretinoin" in c.summary for c in one)
    assert about(one, "pregnancy").indicator == "warning", "how bad the other draft is in pregnancy does not count for this one"
    assert about(one, "interaction").indicator == "critical"
    assert answered(call("order-select", drafts, ["ServiceRequest/s1"], **facts), resources) == []


def test_an_order_of_no_drug_is_none_of_our_business(resources: Resources) -> None:
    assert answered(call("order-sign", [{"resourceType": "ServiceRequest", "id": "s1", "status": "draft"}]), resources) == []


def test_slips_in_places_that_nobody_reads_do_not_silence_the_check(resources: Resources) -> None:
    draft = order(
        "trimethoprim", "d1", "draft", dosageInstruction=[{"text": "bid", "doseAndRate": {"doseQuantity": {"value": 5}}}], foo=[None]
    )
    assert "interaction" in topics(answered(call("order-sign", [draft], requests=bundle(order("methotrexate"))), resources))


def test_what_is_wanted_before_the_first_dose_is_told_once_it_is_not_on_record(resources: Resources) -> None:
    card = about([c for c in signed(resources, "methotrexate") if c.source.topic and c.source.topic.code == "monitoring"], "monitoring")
    assert "No result: Full blood count" in (card.detail or "")
    known = bundle(result("Hemoglobin", 13, "g/dL"), result("Alanine aminotransferase", 20, "U/L"), result("Creatinine", 0.7, "mg/dL"))
    later = about(signed(resources, "methotrexate", laboratory=known), "monitoring")
    assert "No result: Full blood count" not in (later.detail or "")


def test_the_same_call_gives_the_same_cards_and_another_call_other_ids(resources: Resources) -> None:
    body = call("order-sign", [order("trimethoprim", "d1", "draft")], requests=bundle(order("methotrexate")))
    first, second = answered(body, resources), answered(body, resources)
    assert first == second
    other = answered({**body, "hookInstance": "0b0a9c7e-5f0d-4b58-9d4b-0a1e1b1c1d1e"}, resources)
    assert not {c.uuid for c in first} & {c.uuid for c in other}


def test_words_of_the_record_open_no_link_and_no_markup(resources: Resources) -> None:
    evil = "[click](https://evil.example) <img src=x> **bold** www.evil.example"
    card = about(signed(resources, evil), "not-checked")
    detail = card.detail or ""
    assert not re.search(r"(?<!\\)\[", detail)
    assert "https://" not in detail
    assert "<img" not in detail
    assert "www.evil.example" not in detail
    assert card.links is None


NAMES = st.lists(st.one_of(st.sampled_from(DRUGS), st.text(min_size=1, max_size=220)), min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(drafts=NAMES, taken=NAMES, lang=st.sampled_from(LANGUAGES), pregnant=st.booleans(), creatinine=st.floats(0.3, 12))
def test_every_summary_is_short_and_every_action_removes_a_draft(
    resources: Resources, drafts: list[str], taken: list[str], lang: Language, pregnant: bool, creatinine: float
) -> None:
    """`answered` holds every card against the specification: fewer than 140 characters, nothing null, nothing unknown."""
    cards = signed(
        resources, *drafts, lang=lang, statements=bundle(*map(statement, taken)), allergies=bundle(allergy(taken[0])),
        conditions=bundle(*([condition("妊娠")] if pregnant else [])), laboratory=bundle(result("Creatinine", creatinine, "mg/dL")),
    )  # fmt: skip
    actions = [a for c in cards for s in c.suggestions or () for a in s.actions]
    assert all(a.type == "delete" and a.resource_id in {f"MedicationRequest/d{n}" for n in range(len(drafts))} for a in actions)
    order_of = ["critical", "warning", "info"]
    assert [c.indicator for c in cards] == sorted((c.indicator for c in cards), key=order_of.index)


@settings(max_examples=40, deadline=None)
@given(pair=st.lists(st.sampled_from(DRUGS), min_size=2, max_size=2, unique=True), lang=st.sampled_from(LANGUAGES))
def test_a_drug_of_the_formulary_is_never_called_unknown(resources: Resources, pair: list[str], lang: Language) -> None:
    cards = signed(resources, pair[0], lang=lang, requests=bundle(order(pair[1])))
    assert not any(c.summary.startswith(("Not checked: not in", "Not checked against", "未核查：药品", "未纳入")) for c in cards)

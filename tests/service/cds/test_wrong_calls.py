"""Calls that are not as they should be: refused by the path of what is wrong, and never by a fault of ours."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.service.cds.calls import Json, allergy, answered, bundle, call, condition, order, patient, result, statement
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.errors import CaseError
from yingzhi.service.cds import CdsRequest, cards_for
from yingzhi.service.cds.cards import fit
from yingzhi.service.cds.language import language_of
from yingzhi.service.cds.wire import characters


@pytest.mark.parametrize(
    ("hook", "drafts", "prefetch", "path"),
    [
        ("patient-view", None, {"patient": patient(birthDate="1990-13-40")}, "prefetch.patient.birthDate"),
        ("patient-view", None, {"patient": patient(gender="F")}, "prefetch.patient.gender"),
        ("patient-view", None, {"patient": patient(id="someone-else")}, "prefetch.patient.id"),
        ("patient-view", None, {"patient": bundle(patient(), patient())}, "prefetch.patient"),
        ("patient-view", None, {"laboratory": bundle(result("K", 4, "mmol/L"), result("Na", 1, "mmol/L", valueQuantity={"value": "high"}))},
         "prefetch.laboratory.entry.1.resource.valueQuantity.value"),
        ("patient-view", None, {"conditions": {"entry": []}}, "prefetch.conditions.resourceType"),
        ("patient-view", None, {"conditions": {"resourceType": "Bundle", "entry": {}}}, "prefetch.conditions.entry"),
        ("patient-view", None, {"conditions": {"resourceType": "Bundle", "entry": [{}]}}, "prefetch.conditions.entry.0.resource"),
        ("patient-view", None, {"statements": bundle(statement("x", effectivePeriod={"start": "yesterday"}))},
         "prefetch.statements.entry.0.resource.effectivePeriod.start"),
        ("order-sign", [order("x", medicationCodeableConcept={"text": 7})], {},
         "context.draftOrders.entry.0.resource.medicationCodeableConcept.text"),
        ("order-sign", None, {}, "context.draftOrders"),
        ("order-select", None, {}, "context.draftOrders"),
    ],
)  # fmt: skip
def test_a_slip_is_named_by_its_path(resources: Resources, hook: str, drafts: list[Json] | None, prefetch: Json, path: str) -> None:
    with pytest.raises(CaseError) as error:
        answered(call(hook, drafts, **prefetch), resources)
    assert error.value.field == path
    assert "yesterday" not in str(error.value)


def test_a_service_answers_its_own_hook_only(resources: Resources) -> None:
    request = CdsRequest.model_validate(call("patient-view"))
    for service, field in (("yingzhi-order-sign", "hook"), ("yingzhi-nothing", "service")):
        with pytest.raises(CaseError) as error:
            cards_for(service, request, resources, "en")
        assert error.value.field == field


@pytest.mark.parametrize(
    "change", [{"hookInstance": "not-a-uuid"}, {"hook": "encounter-start"}, {"cards": []}, {"context": {"userId": "x"}}]
)
def test_a_call_is_refused_by_its_shape(change: Json) -> None:
    with pytest.raises(ValidationError):
        CdsRequest.model_validate(call("patient-view") | change)


def test_a_token_for_the_clients_server_is_let_go_at_once() -> None:
    body = call("patient-view") | {"fhirServer": "https://ehr.example/fhir", "fhirAuthorization": {"access_token": "s3cr3t-token"}}
    request = CdsRequest.model_validate(body)
    assert request.fhir_authorization is None
    assert "s3cr3t-token" not in repr(request) + request.model_dump_json()
    assert "ehr.example" not in repr(request) + request.model_dump_json()
    with pytest.raises(ValidationError) as error:
        CdsRequest.model_validate(body | {"hook": "none"})
    assert "s3cr3t-token" not in str(error.value)


def test_fields_of_a_later_version_of_a_hook_are_ignored(resources: Resources) -> None:
    body = call("order-sign", [order("trimethoprim", "d1", "draft")], requests=bundle(order("methotrexate")))
    body["context"]["performer"] = {"reference": "Practitioner/2"}
    body["extension"] = {"org.example.site": "a"}
    assert any("Trimethoprim" in c.summary for c in answered(body, resources))


RECORD = call(
    "order-sign", [order("methotrexate", "d1", "draft")], requests=bundle(order("trimethoprim")), statements=bundle(statement("warfarin")),
    conditions=bundle(condition("Psoriasis")), allergies=bundle(allergy("Penicillin")),
    laboratory=bundle(result("Creatinine", 1.2, "mg/dL")),
)  # fmt: skip
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "coding", "value", "code", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value but the root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, part in inner for p in ((*path, key), *places(part, (*path, key)))]


PLACES = [p for p in places(RECORD) if len(p) > 1]


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(PLACES), junk=JUNK)
def test_junk_in_any_place_gives_cards_or_a_named_path(resources: Resources, path: tuple[Any, ...], junk: Any) -> None:
    body = copy.deepcopy(RECORD)
    at: Any = body
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = junk
    field = "prefetch."
    try:
        answered(body, resources)
    except CaseError as error:
        field = error.field
    except ValidationError as error:
        field = "context." if error.title == "CdsRequest" else error.title
    assert field.startswith(("prefetch.", "context."))


@given(st.text(max_size=300), st.integers(1, 200))
def test_what_is_cut_fits_and_what_fits_is_not_cut(text: str, limit: int) -> None:
    cut = fit(text, limit)
    assert characters(cut) <= limit
    line = " ".join(text.split())
    if characters(line) <= limit:
        assert cut == line


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        (None, "zh"), ("", "zh"), ("en", "en"), ("en-GB,en;q=0.9,zh;q=0.1", "en"), ("zh-Hans-CN, en;q=0.5", "zh"),
        ("fr, en;q=0.4, zh;q=0.3", "en"),
        ("de", "zh"), ("*", "zh"), ("en;q=0, zh", "zh"), ("en;q=x", "zh"), (";;;,,", "zh"), ("zh;q=0.2,en;q=0.2", "zh"),
    ],
)  # fmt: skip
def test_the_language_is_the_readers(header: str | None, lang: str) -> None:
    assert language_of(header) == lang

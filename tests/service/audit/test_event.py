from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from hypothesis import given
from hypothesis import strategies as st

from tests.service.audit.conftest import consultation, doctor
from yingzhi.service.audit import Act, nobody, system
from yingzhi.service.audit.acts import DCM, ENTITIES, ISO_21089, KINDS
from yingzhi.service.audit.event import Actor, write_event
from yingzhi.service.identity.principal import Principal

AT = "2026-03-01T08:00:00.000Z"
PATIENT = "p_" + "0a" * 16
SAMPLES = {
    "consultation": consultation(1),
    "document": consultation(1) + "/soap-note",
    "patient": PATIENT,
    "tool": "check_interactions",
    "key": "yk_0123456789",
    "route": "/api/v1/consultations/{consultation}",
    "log": "derma-1",
}
# The value sets that AuditEvent is bound to in FHIR R4 (4.0.1) and R4B (4.3.0).
TYPES = {str(code) for code in range(110100, 110115)}
SUBTYPES = {str(code) for code in range(110120, 110143)}
LIFECYCLES = (
    "access hold amend archive attest decrypt deidentify deprecate destroy disclose encrypt extract link merge originate pseudonymize"
    " reactivate receive reidentify unhold report restore transform transmit unlink unmerge verify"
)


@pytest.mark.parametrize("who", [doctor("derma-1"), Principal("yk_0123456789", "t", frozenset({"service"}), "key"), nobody(), system("t")])
@pytest.mark.parametrize("act", get_args(Act))
def test_every_act_of_everyone_is_a_valid_audit_event(act: Act, who: Actor) -> None:
    entity = SAMPLES[KINDS[act].entity]
    body = write_event(who, act, AT, entity=entity, patient=PATIENT, detail_codes=("stale-revision", "attempt.2"))
    event = json.loads(body)
    read = json.loads(AuditEvent.model_validate(event).model_dump_json())
    assert read | {"recorded": AT} == event  # the same moment, written without the zeros
    assert body == json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert event["source"]["site"] == who.tenant
    assert [e["what"]["identifier"]["value"] for e in event["entity"]] == [entity, PATIENT]


@pytest.mark.parametrize("act", get_args(Act))
def test_the_codes_of_an_act_are_in_the_value_sets_of_the_standard(act: Act) -> None:
    event = json.loads(write_event(doctor("t"), act, AT, entity=SAMPLES[KINDS[act].entity]))
    assert event["type"]["system"] == DCM
    assert event["type"]["code"] in TYPES
    assert event["action"] in {"C", "R", "U", "D", "E"}
    assert event["outcome"] in {"0", "4", "8", "12"}
    assert {s["code"] for s in event["subtype"] if s["system"] == DCM} <= SUBTYPES
    lifecycle = event["entity"][0].get("lifecycle")
    assert lifecycle is None or (lifecycle["system"] == ISO_21089 and lifecycle["code"] in LIFECYCLES.split(" "))
    assert event["entity"][0]["role"]["code"] in {str(n) for n in range(1, 25)}


def test_every_act_has_its_codes_and_its_entity() -> None:
    assert set(KINDS) == set(get_args(Act))
    assert {kind.entity for kind in KINDS.values()} <= set(ENTITIES)


def test_a_refusal_is_a_failure_unless_said_otherwise() -> None:
    assert json.loads(write_event(nobody(), "auth.refused", AT))["outcome"] == "4"
    assert json.loads(write_event(doctor("t"), "consultation.read", AT, outcome="8"))["outcome"] == "8"


def test_a_person_of_whom_nothing_is_known_has_no_name_in_the_event() -> None:
    assert json.loads(write_event(nobody(), "auth.refused", AT))["agent"] == [{"requestor": True}]


@pytest.mark.parametrize(
    ("name", "given_"),
    [
        ("entity", {"entity": "张伟"}),
        ("entity", {"entity": "Zhang Wei"}),
        ("entity", {"entity": "13800138000"}),
        ("patient", {"patient": "110101199003071234"}),
        ("detail_codes", {"detail_codes": ("Patient Zhang Wei",)}),
        ("detail_codes", {"detail_codes": ("皮疹",)}),
        ("outcome", {"outcome": "1"}),
    ],
)
def test_what_is_no_id_of_ours_is_refused_without_being_repeated(name: str, given_: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"expected|audited") as caught:
        write_event(doctor("t"), "consultation.read", AT, **given_)
    assert str(given_[name][0] if isinstance(given_[name], tuple) else given_[name]) not in str(caught.value).replace("0, 4, 8 or 12", "")


@given(words=st.text(min_size=1, max_size=80))
def test_no_text_but_ascii_words_can_be_written_beside_a_consultation(words: str) -> None:
    for act in ("consultation.read", "drugs.check", "document.read"):
        try:
            body = write_event(doctor("t"), act, AT, entity=words, detail_codes=(words,))
        except ValueError:
            continue
        assert words.isascii()
        assert " " not in words
        assert words in body


def test_an_act_that_is_not_in_the_list_is_refused() -> None:
    with pytest.raises(ValueError, match="act"):
        write_event(doctor("t"), "consultation.burn", AT)

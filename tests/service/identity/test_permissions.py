from __future__ import annotations

import pytest

from yingzhi.graphs.settings import Settings
from yingzhi.service.identity import DEV, PERMISSIONS, ROLES, Principal, Role
from yingzhi.service.identity.principal import ALL, Permission, roles_of, tenant_of
from yingzhi.tools.retrieval.port import TENANT

STATELESS = {"drugs.check", "evidence.search", "labs.interpret", "scores.compute"}
CASES = {"consultation.create", "consultation.read", "consultation.answer", "patient.write", "cds.call", "chat.use"}
GRANTED: dict[Role, set[str]] = {
    "doctor": STATELESS | CASES | {"consultation.edit", "consultation.sign"},
    "nurse": STATELESS | CASES,
    "pharmacist": STATELESS | {"consultation.read", "consultation.answer", "cds.call"},
    "researcher": STATELESS,
    "admin": {"consultation.delete", "audit.read"},
    "service": STATELESS | CASES,
}


@pytest.mark.parametrize("permission", ALL)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_is_granted_and_nothing_else(role: Role, permission: Permission) -> None:
    assert Principal("s", "t", frozenset({role}), "user").may(permission) == (permission in GRANTED[role])


def test_only_a_doctor_signs() -> None:
    assert [role for role in ROLES if "consultation.sign" in PERMISSIONS[role]] == ["doctor"]


def test_who_sees_no_patient_may_not_chat_about_one() -> None:
    for role in ROLES:
        if "chat.use" in PERMISSIONS[role]:
            assert {"consultation.create", "consultation.read", "consultation.answer"} <= PERMISSIONS[role]


def test_roles_add_up_and_none_may_nothing() -> None:
    both = Principal("s", "t", frozenset({"admin", "researcher"}), "user")
    assert {p for p in ALL if both.may(p)} == GRANTED["admin"] | GRANTED["researcher"]
    assert not any(Principal("s", "t", frozenset(), "user").may(p) for p in ALL)
    assert all(DEV.may(p) for p in ALL)


@pytest.mark.parametrize(
    ("given", "roles"),
    [
        (["doctor", "offline_access", "doctor"], {"doctor"}),
        ("nurse admin unknown", {"nurse", "admin"}),
        (["Doctor", "doctor "], set()),
        ({"doctor": True}, set()),
        ([["doctor"], 3, None], set()),
        (None, set()),
    ],
)
def test_only_the_roles_of_the_list_count(given: object, roles: set[str]) -> None:
    assert roles_of(given) == roles


def test_a_tenant_is_what_the_settings_call_one() -> None:
    (constraint,) = Settings.model_fields["tenant"].metadata
    assert f"^{TENANT.pattern}$" == constraint.pattern


@pytest.mark.parametrize("value", ["", "a/b", "../a", "a\n", " a", "a ", "a'--", "x" * 129, "public", "-a", 7, None, ["a"], True])
def test_what_is_no_tenant_is_refused(value: object) -> None:
    assert tenant_of(value) is None


@pytest.mark.parametrize("value", ["local", "ward-a", "H.42_b@site", "x" * 128])
def test_a_tenant_stays_as_it_is(value: str) -> None:
    assert tenant_of(value) == value

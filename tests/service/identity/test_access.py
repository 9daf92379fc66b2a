from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.service.identity.conftest import Open
from tests.service.identity.issuer import AUDIENCE, Issuer, public_jwk, rsa_key
from tests.service.identity.routes import Routes
from yingzhi.service import audit
from yingzhi.service.identity import PERMISSIONS, ROLES, IdentitySettings, keys
from yingzhi.service.identity.principal import ALL, Permission
from yingzhi.service.limits import Limits, LimitSettings, open_limits
from yingzhi.service.store import Database


@dataclass(frozen=True)
class Keys:
    """API keys of ward-a, all of which a doctor could use."""

    good: str
    revoked: str
    expired: str


@pytest.fixture
async def api_keys(database: Database) -> Keys:
    now = datetime.now(UTC)

    async def make(until: datetime) -> str:
        made = await database.write(
            lambda db: keys.create_key(db, "ward-a", name="test", roles=["doctor", "admin"], now=now - timedelta(days=9), expires=until)
        )
        return made[0]

    found = Keys(await make(now + timedelta(days=1)), await make(now + timedelta(days=1)), await make(now - timedelta(seconds=1)))
    assert await database.write(lambda db: keys.revoke_key(db, "ward-a", found.revoked[:13], now))
    return found


def lacking(permission: Permission) -> list[str]:
    return [role for role in ROLES if permission not in PERMISSIONS[role]]


def seconds_from_now(seconds: int) -> int:
    return int(datetime.now(UTC).timestamp()) + seconds


def mixed(token: str, other: str) -> str:
    """Header and signature of one, payload of the other."""
    header, _, signature = token.split(".")
    return f"{header}.{other.split('.')[1]}.{signature}"


Case = Callable[[Issuer, Keys, Permission], str | None]
SOON = 120
SITE = "https://hospital.example"
STRANGER = Issuer(rsa_key(2))
REFUSED: dict[str, tuple[int, Case]] = {
    "no token": (401, lambda i, k, p: None),
    "empty bearer": (401, lambda i, k, p: "Bearer "),
    "another scheme": (401, lambda i, k, p: f"Basic {i.token(roles=list(ROLES))}"),
    "garbage": (401, lambda i, k, p: "Bearer not.a.token"),
    "binary garbage": (401, lambda i, k, p: "Bearer \xff\xfe.\x80.\x81"),
    "cut short": (401, lambda i, k, p: f"Bearer {i.token()[:-4]}"),
    "payload changed": (401, lambda i, k, p: f"Bearer {mixed(i.token(), i.token(sub='admin'))}"),
    "huge": (401, lambda i, k, p: f"Bearer {i.token(more='x' * 20000)}"),
    "expired": (401, lambda i, k, p: f"Bearer {i.token(exp=seconds_from_now(-SOON))}"),
    "no expiry": (401, lambda i, k, p: f"Bearer {i.token(exp=None)}"),
    "not yet valid": (401, lambda i, k, p: f"Bearer {i.token(nbf=seconds_from_now(SOON))}"),
    "issued in the future": (401, lambda i, k, p: f"Bearer {i.token(iat=seconds_from_now(SOON))}"),
    "alg none": (401, lambda i, k, p: f"Bearer {i.unsigned()}"),
    "alg None": (401, lambda i, k, p: f"Bearer {i.unsigned('None')}"),
    "alg RS256, unsigned": (401, lambda i, k, p: f"Bearer {i.unsigned('RS256')}"),
    "HS256 with the public key": (401, lambda i, k, p: f"Bearer {i.signed_with_the_public_key()}"),
    "unknown kid": (401, lambda i, k, p: f"Bearer {i.token({'kid': 'other'})}"),
    "no kid": (401, lambda i, k, p: f"Bearer {i.token({'kid': None})}"),
    "a stranger's key": (401, lambda i, k, p: f"Bearer {STRANGER.token()}"),
    "a stranger's key in the header": (401, lambda i, k, p: f"Bearer {STRANGER.token({'jwk': public_jwk(STRANGER.key, 'rsa-1')})}"),
    "a stranger's address": (401, lambda i, k, p: f"Bearer {STRANGER.token({'kid': 'x', 'jku': 'http://127.0.0.1:9/', 'x5u': 'http://127.0.0.1:9/'})}"),
    "for another purpose": (401, lambda i, k, p: f"Bearer {i.token({'typ': 'logout+jwt'})}"),
    "critical extension": (401, lambda i, k, p: f"Bearer {i.token({'crit': ['own'], 'own': 1})}"),
    "wrong issuer": (401, lambda i, k, p: f"Bearer {i.token(iss='https://evil.example')}"),
    "no issuer": (401, lambda i, k, p: f"Bearer {i.token(iss=None)}"),
    "wrong audience": (401, lambda i, k, p: f"Bearer {i.token(aud='another-service')}"),
    "no audience": (401, lambda i, k, p: f"Bearer {i.token(aud=None)}"),
    "no subject": (401, lambda i, k, p: f"Bearer {i.token(sub='')}"),
    "wrong tenant claim": (403, lambda i, k, p: f"Bearer {i.token(tenant='../ward-b', roles=list(ROLES))}"),
    "two tenants": (403, lambda i, k, p: f"Bearer {i.token(tenant=['ward-a', 'ward-b'], roles=list(ROLES))}"),
    "no tenant": (403, lambda i, k, p: f"Bearer {i.token(tenant=None, roles=list(ROLES))}"),
    "wrong role": (403, lambda i, k, p: f"Bearer {i.token(roles=lacking(p))}"),
    "unknown role": (403, lambda i, k, p: f"Bearer {i.token(roles=['root', p])}"),
    "no role": (403, lambda i, k, p: f"Bearer {i.token(roles=None)}"),
    "revoked key": (401, lambda i, k, p: f"Bearer {k.revoked}"),
    "expired key": (401, lambda i, k, p: f"Bearer {k.expired}"),
    "unknown key": (401, lambda i, k, p: f"Bearer {k.good[:-1]}{'A' if k.good[-1] != 'A' else 'B'}"),
    "public part of a key": (401, lambda i, k, p: f"Bearer {k.good[:13]}"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_nobody_gets_in_by_any_permission(
    case: str,
    issuer: Issuer,
    api_keys: Keys,
    by_file: IdentitySettings,
    opened: Open,
    limits: Limits,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    routes = Routes(await opened(by_file), limits)
    status, make = REFUSED[case]
    async with routes.client() as client:
        for permission in ALL:
            credential = make(issuer, api_keys, permission)
            headers = [] if credential is None else [(b"Authorization", credential.encode("latin-1"))]
            answer = await client.get(f"/{permission}", headers=headers)
            assert answer.status_code == status, (permission, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status
            assert answer.headers["www-authenticate"].startswith("Bearer ")
            told = answer.text + repr(answer.headers) + caplog.text
            secret = (credential or "").partition(" ")[2]
            assert not [part for part in secret.split(".") if len(part) > 15 and part in told]
            assert not secret.startswith("yk_") or secret[14:] not in told or len(secret) < 15
    assert routes.reached == []


async def test_two_credentials_are_none(issuer: Issuer, by_file: IdentitySettings, opened: Open, limits: Limits) -> None:
    routes = Routes(await opened(by_file), limits)
    async with routes.client() as client:
        good = f"Bearer {issuer.token()}"
        answer = await client.get("/consultation.read", headers=[("Authorization", good), ("Authorization", good)])
    assert answer.status_code == 401
    assert routes.reached == []


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_reaches_what_it_may_with_a_token_and_with_a_key(
    role: str, issuer: Issuer, by_file: IdentitySettings, opened: Open, limits: Limits, database: Database
) -> None:
    routes = Routes(await opened(by_file), limits)
    now = datetime.now(UTC)
    key, _ = await database.write(
        lambda db: keys.create_key(db, "ward-a", name="test", roles=[role], now=now, expires=now + timedelta(days=1))  # type: ignore[list-item]
    )
    async with routes.client() as client:
        for credential in (issuer.token(roles=[role]), key):
            seen = {p: (await client.get(f"/{p}", headers={"authorization": f"bearer {credential}"})).status_code for p in ALL}
            assert seen == {p: 200 if p in PERMISSIONS[role] else 403 for p in ALL}  # type: ignore[index]
    assert {(who.tenant, who.roles) for who in routes.reached} == {("ward-a", frozenset({role}))}
    assert {who.kind for who in routes.reached} == {"user", "key"}


async def test_the_tenant_is_the_tokens_whatever_else_the_request_says(
    issuer: Issuer, by_file: IdentitySettings, opened: Open, limits: Limits
) -> None:
    routes = Routes(await opened(by_file), limits)
    headers = {"Authorization": f"Bearer {issuer.token()}", "X-Tenant": "ward-b", "X-Forwarded-Host": "ward-b"}
    async with routes.client() as client:
        answer = await client.get("/consultation.read?tenant=ward-b", headers=headers)
    assert answer.json() == {"tenant": "ward-a"}


@pytest.mark.parametrize(
    ("roles_claim", "tenant_claim", "claims"),
    [
        ("realm_access.roles", "org.name", {"realm_access": {"roles": ["doctor"]}, "org": {"name": "ward-c"}}),
        ("resource_access.ying.zhi.roles", "tid", {"resource_access": {"ying.zhi": {"roles": ["doctor"]}}, "tid": "ward-c"}),
        (f"{SITE}/roles", f"{SITE}/ward", {f"{SITE}/roles": "doctor", f"{SITE}/ward": "ward-c"}),
    ],
)
async def test_claims_are_found_where_the_settings_say(
    roles_claim: str, tenant_claim: str, claims: dict[str, Any], issuer: Issuer, by_file: IdentitySettings, opened: Open
) -> None:
    identity = await opened(by_file.model_copy(update={"roles_claim": roles_claim, "tenant_claim": tenant_claim}))
    token = issuer.token(roles=None, tenant=None, **claims)
    who = await identity.authenticate({"authorization": f"Bearer {token}"}, "203.0.113.5")
    assert (who.tenant, set(who.roles)) == ("ward-c", {"doctor"})


async def test_clocks_may_differ_by_the_leeway(issuer: Issuer, by_file: IdentitySettings, opened: Open, limits: Limits) -> None:
    now = int(datetime.now(UTC).timestamp())
    for leeway, status in ((60, 200), (0, 401)):
        routes = Routes(await opened(by_file.model_copy(update={"leeway": leeway})), limits)
        async with routes.client() as client:
            for token in (issuer.token(exp=now - 20), issuer.token(nbf=now + 20), issuer.token(iat=now + 20, nbf=now)):
                answer = await client.get("/drugs.check", headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == status


async def test_an_audience_among_several_is_enough(issuer: Issuer, by_file: IdentitySettings, opened: Open) -> None:
    identity = await opened(by_file)
    token = issuer.token(aud=["account", AUDIENCE], nbf=None)
    assert (await identity.authenticate({"authorization": f"Bearer {token}"}, None)).subject == "dr-chen"


async def test_why_a_rightly_signed_token_is_refused_is_told_and_of_a_forged_one_nothing(
    issuer: Issuer, by_file: IdentitySettings, opened: Open, limits: Limits
) -> None:
    routes = Routes(await opened(by_file), limits)
    old = seconds_from_now(-SOON)
    async with routes.client() as client:
        mine = await client.get("/drugs.check", headers={"Authorization": f"Bearer {issuer.token(exp=old)}"})
        forged = await client.get("/drugs.check", headers={"Authorization": f"Bearer {replace(STRANGER).token(exp=old)}"})
    assert (mine.json()["detail"], forged.json()["detail"]) == ("the token has expired", "the token is not accepted")


async def test_an_address_that_fails_too_often_waits_as_long_as_it_is_told(issuer: Issuer, by_file: IdentitySettings, opened: Open) -> None:
    now = [0]
    narrow = open_limits(LimitSettings(failures_per_second=0.3, failures_burst=3), clock=lambda: now[0])
    routes = Routes(await opened(by_file, limits=narrow), narrow)
    bad, good = {"Authorization": f"Bearer {issuer.unsigned()}"}, {"Authorization": f"Bearer {issuer.token()}"}
    async with routes.client("203.0.113.5") as client, routes.client("203.0.113.6") as elsewhere:
        assert [(await client.get("/drugs.check", headers=bad)).status_code for _ in range(5)] == [401, 401, 401, 429, 429]
        refused = await client.get("/drugs.check", headers=good)
        assert refused.status_code == 429
        assert (await elsewhere.get("/drugs.check", headers=good)).status_code == 200
        now[0] += int(refused.headers["retry-after"]) * 1_000_000_000
        assert (await client.get("/drugs.check", headers=bad)).status_code == 401
        assert (await client.get("/drugs.check", headers=bad)).status_code == 429


async def test_many_that_fail_at_once_get_no_more_answers_than_one_after_the_other(by_file: IdentitySettings, opened: Open) -> None:
    narrow = open_limits(LimitSettings(failures_per_second=0.001, failures_burst=3))
    routes = Routes(await opened(by_file, limits=narrow), narrow)
    async with routes.client("203.0.113.5") as client:
        wrong = [f"Bearer yk_0000000000_{n:043}" for n in range(30)]
        answers = await asyncio.gather(*(client.get("/drugs.check", headers={"Authorization": w}) for w in wrong))
    assert sorted(a.status_code for a in answers) == [401] * 3 + [429] * 27


async def test_who_was_let_in_before_is_not_locked_out_by_a_neighbour(issuer: Issuer, by_file: IdentitySettings, opened: Open) -> None:
    narrow = open_limits(LimitSettings(failures_per_second=0.001, failures_burst=2))
    routes = Routes(await opened(by_file, limits=narrow), narrow)
    bad, good = {"Authorization": f"Bearer {issuer.unsigned()}"}, {"Authorization": f"Bearer {issuer.token()}"}
    async with routes.client("203.0.113.5") as client:
        assert (await client.get("/drugs.check", headers=good)).status_code == 200
        assert [(await client.get("/drugs.check", headers=bad)).status_code for _ in range(4)] == [401, 401, 429, 429]
        assert (await client.get("/drugs.check", headers=good)).status_code == 200
        assert (await client.get("/drugs.check", headers={"Authorization": f"Bearer {issuer.token(sub='new')}"})).status_code == 429


async def test_asking_without_a_credential_is_no_failed_authentication(by_file: IdentitySettings, opened: Open) -> None:
    narrow = open_limits(LimitSettings(failures_per_second=0.001, failures_burst=2))
    routes = Routes(await opened(by_file, limits=narrow), narrow)
    async with routes.client("203.0.113.5") as client:
        assert {(await client.get("/drugs.check")).status_code for _ in range(9)} == {401}


async def test_a_tenant_that_asks_too_often_waits_as_long_as_it_is_told_and_no_other_does(
    issuer: Issuer, by_file: IdentitySettings, opened: Open
) -> None:
    now = [0]
    narrow = open_limits(LimitSettings(requests_per_second=0.7, burst=2), clock=lambda: now[0])
    routes = Routes(await opened(by_file), narrow)
    headers = {"Authorization": f"Bearer {issuer.token()}"}
    async with routes.client() as client:
        assert [(await client.get("/drugs.check", headers=headers)).status_code for _ in range(3)] == [200, 200, 429]
        refused = await client.get("/audit.read", headers=headers)
        assert refused.status_code == 429
        other = {"Authorization": f"Bearer {issuer.token(tenant='ward-b')}"}
        assert (await client.get("/drugs.check", headers=other)).status_code == 200
        now[0] += int(refused.headers["retry-after"]) * 1_000_000_000
        assert (await client.get("/drugs.check", headers=headers)).status_code == 200


async def test_the_openapi_document_says_how_to_get_in(by_file: IdentitySettings, opened: Open, limits: Limits) -> None:
    document = Routes(await opened(by_file), limits).app.openapi()
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["paths"]["/drugs.check"]["get"]["security"] == [{"bearer": []}]


async def test_a_refusal_of_someone_known_and_a_credential_that_fails_are_audited(
    issuer: Issuer, by_file: IdentitySettings, opened: Open, limits: Limits, database: Database
) -> None:
    routes = Routes(await opened(by_file), limits)
    async with routes.client() as client:
        await client.get("/consultation.sign", headers={"Authorization": f"Bearer {issuer.token(roles=['nurse'], sub='nurse-li')}"})
        await client.get("/consultation.read", headers={"Authorization": f"Bearer {issuer.unsigned()}"})
        await client.get("/consultation.read")
    known = await database.read(lambda db: [e.event for e in audit.entries(db, "ward-a")])
    unknown = await database.read(lambda db: [e.event for e in audit.entries(db, audit.UNKNOWN)])
    assert len(known) == len(unknown) == 1
    assert "nurse-li" in str(known[0])
    assert "consultation.sign" in str(known[0])
    assert issuer.unsigned().split(".")[1] not in str(unknown[0])


async def test_strangers_cannot_fill_the_audit_log(by_file: IdentitySettings, opened: Open, limits: Limits, database: Database) -> None:
    routes = Routes(await opened(by_file), limits)
    async with routes.client() as client:
        for _ in range(130):
            await client.get("/consultation.read", headers={"Authorization": "Bearer x"})
    assert 100 <= await database.read(lambda db: audit.count_entries(db)) <= 110

"""Every route of the OpenAPI document against callers who must not get in, and against requests that no one should send."""

from __future__ import annotations

import re
import uuid
from typing import Any

import httpx
import jwt
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.service.conftest import AUDIENCE, ISSUER, Running, consulted

OPEN = {"/cds-services"}
"""Discovery of CDS Hooks tells nothing of a patient."""
SECRET = "palisaded-secret-granuloma"


@pytest.fixture(scope="module")
def routes(server: Running) -> list[tuple[str, str]]:
    """(method, path with ids put in)."""
    found = []
    for path, methods in server.app.openapi()["paths"].items():
        for method in methods:
            found.append((method.upper(), path))
    assert len(found) >= 25
    return found


@pytest.fixture
async def consultation(client: httpx.AsyncClient) -> str:
    """A consultation of the tenant `clinic` with words to look for."""
    return await consulted(client, f"An 82-year-old man has tense blisters, {SECRET}.")


def filled(path: str, consultation: str) -> str:
    """The path with ids that are there, as far as there are any."""
    values = {
        "consultation": consultation,
        "patient": "p_" + "0" * 32,
        "kind": "soap-note",
        "revision": "1",
        "checkpoint": str(uuid.uuid4()),
    }
    return re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], "yingzhi"), path)


def tokens(server: Running) -> dict[str, str | None]:
    """Credentials that must not get in."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "tenant": "clinic", "roles": ["doctor", "admin"], "iat": 1, "exp": 4_000_000_000}
    return {
        "no token": None,
        "expired": server.issuer.token("doctor", "admin", exp=1_700_000_000),
        "alg none": jwt.encode(claims, "", algorithm="none", headers={"kid": "k1"}),
        "other audience": server.issuer.token("doctor", "admin", aud="elsewhere"),
        "garbage": "yk_garbage",
    }


async def test_no_route_lets_anyone_in_without_a_good_token(server: Running, routes: list[tuple[str, str]], consultation: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        for what, token in tokens(server).items():
            for method, path in routes:
                if path in OPEN:
                    continue
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                answer = await client.request(method, filled(path, consultation), headers=headers, json={} if method == "POST" else None)
                assert answer.status_code == 401, f"{what}: {method} {path}: {answer.status_code}"
                assert SECRET not in answer.text


async def test_no_route_serves_a_role_that_may_not(server: Running, routes: list[tuple[str, str]], consultation: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers("researcher"), timeout=30) as client:
        for method, path in routes:
            if path in OPEN or path.endswith("/drugs/check"):
                continue
            answer = await client.request(method, filled(path, consultation), json={} if method == "POST" else None)
            assert answer.status_code == 403, f"{method} {path}: {answer.status_code} {answer.text[:200]}"
            assert SECRET not in answer.text


async def test_no_route_shows_another_tenants_consultation(server: Running, routes: list[tuple[str, str]], consultation: str) -> None:
    headers = server.headers("doctor", "admin", tenant="elsewhere")
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as client:
        for method, path in routes:
            if "{consultation}" not in path:
                continue
            answer = await client.request(method, filled(path, consultation), json=_body(path) if method == "POST" else None)
            assert answer.status_code == 404, f"{method} {path}: {answer.status_code} {answer.text[:200]}"
            assert SECRET not in answer.text
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers("doctor"), timeout=30) as client:
        assert (await client.get(f"/api/v1/consultations/{consultation}")).status_code == 200


def _body(path: str) -> dict[str, Any]:
    if path.endswith("/acts"):
        return {"review": {"action": "sign"}, "revision": 1}
    return {"revision": 1} if path.endswith("/branches") else {}


CALM = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
STREAMS = ("/events", "/ag-ui", "/chat/completions")


@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")  # schemathesis does
def test_no_request_makes_the_server_fail_and_every_refusal_is_a_problem(server: Running) -> None:
    headers = server.headers("doctor", "admin", "pharmacist", tenant="fuzzed")
    tried: set[str] = set()
    for found in schemathesis.openapi.from_dict(server.app.openapi()).get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        if operation.path.endswith(STREAMS):
            continue

        @given(case=operation.as_strategy())
        @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=CALM, database=None)
        def hold(case: Any) -> None:
            answer = case.call(base_url=server.url, headers=headers, timeout=30)
            assert answer.status_code < 500, (case.path, answer.text)
            assert "Traceback" not in answer.text
            kind = answer.headers.get("content-type", [""])[0]
            if answer.status_code >= 400 and not case.path.startswith("/v1"):
                assert kind == "application/problem+json", (case.path, answer.status_code, kind)

        hold()
        tried.add(operation.label)
    assert len(tried) >= 20

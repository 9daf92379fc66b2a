from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import StreamingResponse

from tests.service.identity.conftest import Open
from tests.service.identity.issuer import AUDIENCE, ISSUER
from tests.service.identity.routes import Routes
from yingzhi.clinical.errors import SettingsError
from yingzhi.service.identity import DEV, NOTICE, SCHEMA, Identity, IdentitySettings, check_start, keys
from yingzhi.service.identity.local import is_loopback, neighbourhood
from yingzhi.service.identity.principal import ALL
from yingzhi.service.limits import Limits
from yingzhi.service.problems import Problem
from yingzhi.service.store import Database

NOW = datetime.now(UTC)
NOTHING = IdentitySettings()


async def make_key(database: Database) -> tuple[str, keys.ApiKey]:
    return await database.write(
        lambda db: keys.create_key(db, "ward-a", name="test", roles=["nurse"], now=NOW, expires=NOW + timedelta(days=1))
    )


async def test_on_this_machine_everything_is_allowed_and_every_answer_says_so(
    opened: Open, limits: Limits, caplog: pytest.LogCaptureFixture
) -> None:
    identity = await opened(NOTHING)
    assert [r.message for r in caplog.records if r.levelno == logging.WARNING] == ["service.dev-mode"]
    routes = Routes(identity, limits)

    @routes.app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    async with routes.client() as client:
        for permission in ALL:
            answer = await client.get(f"/{permission}")
            assert (answer.status_code, answer.json()) == (200, {"tenant": "local"})
            assert "not for patients" in answer.headers["yingzhi-mode"]
        assert "development" in (await client.get("/stream")).headers["yingzhi-mode"]
        assert "development" in (await client.get("/nothing-here")).headers["yingzhi-mode"]
    assert set(routes.reached) == {DEV}


async def test_a_made_up_key_that_a_client_has_to_send_does_no_harm(opened: Open, limits: Limits) -> None:
    async with Routes(await opened(NOTHING), limits).client() as client:
        assert (await client.get("/chat.use", headers={"Authorization": "Bearer sk-anything"})).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "LOCALHOST", "::ffff:127.0.0.1"])
async def test_it_starts_on_loopback(host: str, opened: Open) -> None:
    assert is_loopback(host)
    assert (await opened(NOTHING, host=host)).dev


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "::",
        "",
        "192.168.1.5",
        "10.0.0.1",
        "hospital.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "0",
        "2130706433",
    ],
)
async def test_anywhere_else_it_does_not_start_without_an_identity(host: str, opened: Open, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^YINGZHI_SERVE_HOST: .*YINGZHI_SERVE_ISSUER.*yingzhi keys create"):
        await opened(NOTHING, host=host)
    with pytest.raises(SettingsError, match=r"^YINGZHI_SERVE_HOST"):
        check_start(NOTHING, host, tmp_path / "service.sqlite")


async def test_with_development_mode_off_it_does_not_start_without_an_identity(opened: Open) -> None:
    with pytest.raises(SettingsError, match=r"^YINGZHI_SERVE_ISSUER"):
        await opened(IdentitySettings(dev=False))


async def test_with_an_identity_it_starts_anywhere_without_a_warning(
    opened: Open, database: Database, by_file: IdentitySettings, limits: Limits, caplog: pytest.LogCaptureFixture
) -> None:
    identity = await opened(by_file, host="0.0.0.0")
    await make_key(database)
    assert not (await opened(NOTHING, host="0.0.0.0")).dev
    assert check_start(NOTHING, "0.0.0.0", database.path) == ""
    assert not caplog.records
    async with Routes(identity, limits).client() as client:
        answer = await client.get("/drugs.check")
    assert answer.status_code == 401
    assert "yingzhi-mode" not in answer.headers


def test_what_will_be_is_known_before_anything_is_opened(tmp_path: Path) -> None:
    assert check_start(NOTHING, "127.0.0.1", tmp_path / "none.sqlite") == NOTICE
    (tmp_path / "other.sqlite").touch()
    assert check_start(NOTHING, "127.0.0.1", tmp_path / "other.sqlite") == NOTICE
    assert not (tmp_path / "none.sqlite").exists()
    url = IdentitySettings(issuer=ISSUER, audience=AUDIENCE, jwks_url="https://idp.example/jwks")
    assert check_start(url, "0.0.0.0", tmp_path / "none.sqlite") == ""


def test_the_settings_do_not_start_with_a_file_that_lets_nobody_in(tmp_path: Path) -> None:
    settings = IdentitySettings(issuer=ISSUER, audience=AUDIENCE, jwks_file=tmp_path / "none.json")
    with pytest.raises(SettingsError, match=r"none\.json can't be read"):
        check_start(settings, "127.0.0.1", tmp_path / "none.sqlite")


async def test_the_first_key_ends_development_mode_at_once_and_revoking_it_does_not_bring_it_back(
    opened: Open, database: Database, limits: Limits
) -> None:
    routes = Routes(await opened(NOTHING), limits)
    async with routes.client() as client:
        assert (await client.get("/audit.read")).status_code == 200
        key, made = await make_key(database)
        refused = await client.get("/audit.read")
        assert refused.status_code == 401
        assert "yingzhi-mode" not in refused.headers
        assert (await client.get("/drugs.check", headers={"Authorization": f"Bearer {key}"})).status_code == 200
        await database.write(lambda db: keys.revoke_key(db, "ward-a", made.prefix, NOW))
        assert (await client.get("/audit.read")).status_code == 401
    with pytest.raises(Problem, match="401"):
        await (await opened(NOTHING)).authenticate({"host": "127.0.0.1"}, "127.0.0.1")


async def test_before_the_start_nobody_is_known(database: Database, limits: Limits) -> None:
    with pytest.raises(Problem, match="401"):
        await Identity(NOTHING, database, limits).authenticate({"host": "127.0.0.1"}, "127.0.0.1")


LOCAL = {"host": "127.0.0.1:8321"}


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost"},
        {"host": "localhost:8321"},
        {"host": "[::1]:8321"},
        {"host": "127.0.0.1:8321", "origin": "http://127.0.0.1:8321", "sec-fetch-site": "same-origin"},
        {"host": "localhost:8321", "origin": "http://LOCALHOST:8321"},
        {"host": "127.0.0.1:8321", "sec-fetch-site": "none"},
    ],
    ids=str,
)
async def test_requests_of_this_machine_are_served(headers: dict[str, str], opened: Open) -> None:
    assert await (await opened(NOTHING)).authenticate(headers, "127.0.0.1") == DEV


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": ""},
        {"host": "evil.example"},
        {"host": "evil.example:8321"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "localhost.evil.example"},
        {"host": "evil.example#127.0.0.1"},
        {"host": "evil.example@127.0.0.1"},
        {"host": "127.0.0.1:8321@evil.example"},
        {"host": "127.0.0.1/"},
        {"host": "192.168.1.5:8321"},
        {"host": "0.0.0.0:8321"},
        {"host": "127.0.0.1:8321, evil.example"},
        LOCAL | {"origin": "http://evil.example"},
        LOCAL | {"origin": "null"},
        LOCAL | {"origin": ""},
        LOCAL | {"origin": "http://127.0.0.1:3000"},
        LOCAL | {"origin": "http://localhost:8321"},
        LOCAL | {"origin": "http://127.0.0.1:8321.evil.example"},
        LOCAL | {"sec-fetch-site": "cross-site"},
        LOCAL | {"sec-fetch-site": "same-site"},
        LOCAL | {"x-forwarded-for": "203.0.113.5"},
        LOCAL | {"forwarded": "for=203.0.113.5"},
        LOCAL | {"x-real-ip": "127.0.0.1"},
        LOCAL | {"via": "1.1 proxy"},
    ],
    ids=str,
)
async def test_requests_from_elsewhere_are_refused_also_with_a_made_up_credential(headers: dict[str, str], opened: Open) -> None:
    identity = await opened(NOTHING)
    for more in ({}, {"authorization": "Bearer sk-anything"}):
        with pytest.raises(Problem, match="403"):
            await identity.authenticate(headers | more, "127.0.0.1")


@pytest.mark.parametrize("address", ["192.168.1.5", "203.0.113.5", "fe80::1", None, "", "unix"])
async def test_other_machines_are_refused(address: str | None, opened: Open) -> None:
    with pytest.raises(Problem, match="403"):
        await (await opened(NOTHING)).authenticate(LOCAL, address)


async def test_a_page_whose_name_points_at_loopback_reaches_nothing(opened: Open, limits: Limits) -> None:
    routes = Routes(await opened(NOTHING), limits)
    async with routes.client(base="http://rebound.evil.example:8321") as client:
        answers = [await client.get(f"/{permission}") for permission in ALL]
    assert {a.status_code for a in answers} == {403}
    assert {a.headers["content-type"] for a in answers} == {"application/problem+json"}
    assert routes.reached == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.5", "::ffff:203.0.113.5", True),
        ("203.0.113.5", "203.0.113.6", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        (None, "not an address", True),
    ],
)
def test_one_callers_addresses_count_as_one(one: str | None, other: str | None, same: bool) -> None:
    assert (neighbourhood(one) == neighbourhood(other)) is same


GOOD = {"YINGZHI_SERVE_ISSUER": ISSUER, "YINGZHI_SERVE_AUDIENCE": AUDIENCE, "YINGZHI_SERVE_JWKS_URL": "https://idp.example/jwks"}


def test_settings_are_read_from_the_environment() -> None:
    settings = IdentitySettings.from_environment({**GOOD, "YINGZHI_SERVE_ROLES_CLAIM": "realm_access.roles", "YINGZHI_SERVE_LEEWAY": "5"})
    assert (settings.issuer, settings.roles_claim, settings.leeway, settings.dev) == (ISSUER, "realm_access.roles", 5, True)
    assert not IdentitySettings.from_environment({"YINGZHI_SERVE_DEV": "0"}).dev
    assert IdentitySettings.from_environment({"YINGZHI_SERVE_ISSUER": "", "HOME": "/"}) == NOTHING


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"YINGZHI_SERVE_AUDIENCE": ""}, "YINGZHI_SERVE_ISSUER: needs YINGZHI_SERVE_AUDIENCE"),
        ({"YINGZHI_SERVE_ISSUER": ""}, "YINGZHI_SERVE_ISSUER: is needed with YINGZHI_SERVE_AUDIENCE"),
        ({"YINGZHI_SERVE_JWKS_URL": ""}, "YINGZHI_SERVE_ISSUER: needs one of"),
        ({"YINGZHI_SERVE_JWKS_FILE": "keys.json"}, "YINGZHI_SERVE_ISSUER: needs one of"),
        ({"YINGZHI_SERVE_JWKS_URL": "http://idp.example/jwks"}, "YINGZHI_SERVE_JWKS_URL: must be an https address"),
        ({"YINGZHI_SERVE_JWKS_URL": "file:///etc/passwd"}, "YINGZHI_SERVE_JWKS_URL: must be an https address"),
        ({"YINGZHI_SERVE_JWKS_URL": "https://me:hunter2@idp.example/"}, "YINGZHI_SERVE_JWKS_URL: holds a password"),
        ({"YINGZHI_SERVE_JWKS_URL": "https://[idp/"}, "YINGZHI_SERVE_JWKS_URL: "),
        ({"YINGZHI_SERVE_LEEWAY": "86400"}, "YINGZHI_SERVE_LEEWAY: "),
        ({"YINGZHI_SERVE_DEV": "perhaps"}, "YINGZHI_SERVE_DEV: "),
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_named(changed: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        IdentitySettings.from_environment({**GOOD, **changed})
    assert str(caught.value).startswith(named)
    assert "hunter2" not in str(caught.value)


def test_the_table_of_keys_is_the_packages_schema() -> None:
    assert SCHEMA == keys.SCHEMA


async def test_the_header_middleware_lets_other_scopes_pass(opened: Open, limits: Limits) -> None:
    messages: list[Any] = []
    routes = Routes(await opened(NOTHING), limits)

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup" if not messages else "lifespan.shutdown"}

    async def send(message: Any) -> None:
        messages.append(message["type"])

    await routes.app({"type": "lifespan", "app": routes.app}, receive, send)
    assert messages == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

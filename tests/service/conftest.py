"""A real server on loopback, with an issuer of its own, over the session's resources."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from jwt.algorithms import ECAlgorithm

from yingzhi.agents.specialist import Resources
from yingzhi.graphs.settings import Settings
from yingzhi.service.app import create_app
from yingzhi.service.context import Context
from yingzhi.service.identity.settings import IdentitySettings
from yingzhi.service.limits import LimitSettings
from yingzhi.service.settings import ServiceSettings

ISSUER, AUDIENCE = "https://issuer.example", "yingzhi"
ZOSTER = "患者女，68岁。右侧胸背部针刺样疼痛5天，成簇水疱3天，沿肋间呈带状分布，单侧，未过中线。既往体健，无发热。"
BLISTERS = "An 82-year-old man has had tense blisters on the trunk for two weeks."


@dataclass(slots=True)
class Issuer:
    """Signs tokens, and has its public key in a file."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def jwks(self) -> Path:
        """The public key as a JWKS file."""
        path = self.folder / "jwks.json"
        public = json.loads(ECAlgorithm.to_jwk(self.key.public_key()))
        path.write_text(json.dumps({"keys": [{**public, "kid": "k1", "use": "sig", "alg": "ES256"}]}), encoding="utf-8")
        return path

    def token(self, *roles: str, tenant: str = "clinic", subject: str = "someone", **claims: Any) -> str:
        """A token that is good for ten minutes."""
        now = int(time.time())
        body = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "tenant": tenant, "roles": list(roles), "iat": now, "exp": now + 600}
        return jwt.encode({**body, **claims}, self.key, algorithm="ES256", headers={"kid": "k1"})


@dataclass(slots=True)
class Running:
    """A server that runs in a thread."""

    app: FastAPI
    issuer: Issuer
    settings: ServiceSettings
    url: str = ""

    @property
    def context(self) -> Context:
        """What it answers with."""
        found: Context = self.app.state.context
        return found

    def headers(self, *roles: str, tenant: str = "clinic", subject: str = "someone") -> dict[str, str]:
        """Headers of a caller."""
        return {"Authorization": f"Bearer {self.issuer.token(*(roles or ('doctor',)), tenant=tenant, subject=subject)}"}

    def token(self, role: str = "doctor", tenant: str = "clinic") -> str:
        """A caller's token."""
        return self.issuer.token(role, tenant=tenant)


def settings_in(home: Path, issuer: Issuer, **more: Any) -> ServiceSettings:
    """Settings for a home folder and an issuer."""
    identity = IdentitySettings(issuer=ISSUER, audience=AUDIENCE, jwks_file=issuer.jwks)
    limits = more.pop(
        "limits", LimitSettings(requests_per_second=100_000, burst=100_000, failures_per_second=100_000, failures_burst=100_000)
    )
    return ServiceSettings(engine=Settings(home=home), identity=identity, limits=limits, **more)


def run_server(settings: ServiceSettings, resources: Resources, issuer: Issuer) -> Iterator[Running]:
    """Run a server until the generator is closed."""
    app = create_app(settings, resources)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < until, "the server took too long to start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Running(app, issuer, settings, f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive(), "the server did not stop"


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """An issuer of tokens."""
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, resources: Resources, issuer: Issuer) -> Iterator[Running]:
    """The server that most tests share; each takes a tenant of its own."""
    yield from run_server(settings_in(tmp_path_factory.mktemp("service"), issuer), resources, issuer)


@pytest.fixture
async def client(server: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A doctor of the tenant `clinic`."""
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers("doctor"), timeout=30) as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Heard:
    """A server-sent event."""

    id: str
    type: str
    data: dict[str, Any]


async def listen(client: httpx.AsyncClient, path: str, **options: Any) -> list[Heard]:
    """All events of a stream, to its end."""
    heard: list[Heard] = []
    async with client.stream("GET", path, **options) as response:
        assert response.status_code == 200, await response.aread()
        fields: dict[str, str] = {}
        async for line in response.aiter_lines():
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif not line and fields:
                heard.append(Heard(fields["id"], fields["event"], json.loads(fields["data"])))
                fields = {}
    return heard


async def consulted(client: httpx.AsyncClient, text: str = BLISTERS, **case: Any) -> str:
    """Id of a consultation that waits for the doctor."""
    answer = await client.post("/api/v1/consultations", json={"case": {"text": text, **case}})
    assert answer.status_code == 202, answer.text
    consultation = str(answer.json()["id"])
    await listen(client, f"/api/v1/consultations/{consultation}/events")
    return consultation


async def acted(client: httpx.AsyncClient, consultation: str, **act: Any) -> list[Heard]:
    """The events of an act."""
    answer = await client.post(f"/api/v1/consultations/{consultation}/acts", json=act)
    assert answer.status_code == 202, answer.text
    return await listen(client, f"/api/v1/consultations/{consultation}/events", params={"run": answer.json()["run"]})

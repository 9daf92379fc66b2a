"""An issuer of tokens with keys of its own, and the forgeries that are made of its public ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://idp.example/realms/hospital", "yingzhi"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@cache
def rsa_key(number: int, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key a number; making them is slow."""
    return rsa.generate_private_key(65537, bits)


def public_jwk(key: Key, kid: str, **more: object) -> dict[str, Any]:
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        jwk = ECAlgorithm.to_jwk(public, as_dict=True)
    else:
        jwk = OKPAlgorithm.to_jwk(public, as_dict=True)
    return {**jwk, "kid": kid, "use": "sig", **more}


def jwks(*keys: Mapping[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def without_padding(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass(frozen=True)
class Issuer:
    """Signs with `rsa-1` unless told otherwise."""

    key: Key
    kid: str = "rsa-1"
    algorithm: str = "RS256"

    @property
    def jwk(self) -> dict[str, Any]:
        return public_jwk(self.key, self.kid)

    def claims(self, **changed: object) -> dict[str, Any]:
        """Good ones, except what is changed; None leaves a claim out."""
        now = int(time.time())
        who: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "dr-chen", "tenant": "ward-a", "roles": ["doctor"]}
        good = {**who, "iat": now, "nbf": now, "exp": now + 300}
        return {k: v for k, v in {**good, **changed}.items() if v is not None}

    def token(self, header: Mapping[str, Any] | None = None, **changed: object) -> str:
        names = {"kid": self.kid, **(header or {})}
        return jwt.encode(self.claims(**changed), self.key, self.algorithm, headers={k: v for k, v in names.items() if v is not None})

    def signed_with_the_public_key(self, algorithm: str = "HS256") -> str:
        """Key confusion: the public key, taken as the secret of an HMAC."""
        secret = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        header = without_padding(json.dumps({"alg": algorithm, "typ": "JWT", "kid": self.kid}).encode())
        signed = f"{header}.{without_padding(json.dumps(self.claims()).encode())}"
        return f"{signed}.{without_padding(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    def unsigned(self, algorithm: str = "none") -> str:
        header = without_padding(json.dumps({"alg": algorithm, "typ": "JWT", "kid": self.kid}).encode())
        return f"{header}.{without_padding(json.dumps(self.claims()).encode())}."

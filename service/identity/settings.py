"""How callers are known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from yingzhi.clinical.errors import SettingsError
from yingzhi.service.identity.local import is_loopback

PREFIX = "YINGZHI_SERVE_"
M = TypeVar("M", bound=BaseModel)


def _safe_url(value: object) -> object:
    """Keys that came over a line anyone can write to would let anyone in."""
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.username or parts.password:
        raise ValueError("holds a password, which would be seen in logs")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))):
        raise ValueError("must be an https address (http on loopback only)")
    return value


class IdentitySettings(BaseModel):
    """Tokens of one OpenID Connect issuer, API keys, or neither (development on loopback)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str | None = Field(default=None, min_length=1, description="The issuer's name, exactly as in `iss`; none for API keys only.")
    audience: str | None = Field(default=None, min_length=1, description="This service's name at the issuer, as in `aud`.")
    jwks_url: Annotated[str | None, BeforeValidator(_safe_url)] = Field(default=None, description="Where the issuer's public keys are.")
    jwks_file: Path | None = Field(default=None, description="The public keys in a file instead; read again when it changed.")
    tenant_claim: str = Field(default="tenant", min_length=1, description="Claim that names the tenant; dots lead into objects.")
    roles_claim: str = Field(default="roles", min_length=1, description="Claim with the roles, e.g. realm_access.roles.")
    leeway: int = Field(default=30, ge=0, le=300, description="Seconds that clocks may differ.")
    dev: bool = Field(default=True, description="With no issuer and no key, let callers on this machine in without any.")

    @model_validator(mode="after")
    def _whole(self) -> IdentitySettings:
        if self.issuer is None:
            given = [name for name in ("audience", "jwks_url", "jwks_file") if getattr(self, name) is not None]
            if given:
                raise ValueError(f"is needed with {PREFIX}{given[0].upper()}")
        elif self.audience is None:
            raise ValueError(f"needs {PREFIX}AUDIENCE: a token that was made for another service must not open this one")
        elif (self.jwks_url is None) == (self.jwks_file is None):
            raise ValueError(f"needs one of {PREFIX}JWKS_URL and {PREFIX}JWKS_FILE")
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> IdentitySettings:
        """Read the variables YINGZHI_SERVE_ISSUER, _AUDIENCE, _JWKS_URL, _JWKS_FILE, _TENANT_CLAIM, _ROLES_CLAIM, _LEEWAY and _DEV.

        Raises:
            SettingsError: One has a value that can't be, or one is missing; the message names it.
        """
        return read_environment(cls, PREFIX, environment, whole="ISSUER")


def read_environment(model: type[M], prefix: str, environment: Mapping[str, str], whole: str = "") -> M:
    """A settings model from the variables named prefix + field in capitals; an empty one counts as not set.

    Args:
        model: The model to read.
        prefix: What its variables begin with.
        environment: All variables.
        whole: The variable (without prefix) that a fault of the settings as a whole is told of.

    Raises:
        SettingsError: Naming the variable; values are not repeated.
    """
    values = {name: environment[f"{prefix}{name.upper()}"] for name in model.model_fields if environment.get(f"{prefix}{name.upper()}")}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else whole
        raise SettingsError(f"{prefix}{name}: {first['msg'].removeprefix('Value error, ')}") from None

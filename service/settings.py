"""How the service is run: read once, passed on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from yingzhi.graphs.settings import Settings
from yingzhi.service.identity.settings import IdentitySettings, read_environment
from yingzhi.service.limits import LimitSettings

PREFIX = "YINGZHI_SERVE_"


class ServiceSettings(BaseModel):
    """Environment variables are `YINGZHI_SERVE_` and the field's name in capitals; those of the engine are `YINGZHI_…`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: Settings = Field(default_factory=Settings, description="The engine's own settings.")
    identity: IdentitySettings = Field(default_factory=IdentitySettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8321, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    proxies: str = Field(default="", description="Addresses of reverse proxies whose X-Forwarded-For and -Proto are believed, with commas.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that share the port and the files.")
    max_body: int = Field(default=4_000_000, ge=1000, description="Bytes of one request's body at most.")
    body_seconds: float = Field(default=20.0, gt=0, description="Seconds in which a request's body has to be there.")
    heartbeat: float = Field(default=15.0, gt=0, description="Seconds of silence after which a stream sends a comment.")
    drain_seconds: float = Field(default=12.0, gt=0, le=60, description="Seconds that runs at work are given when the service stops.")
    at_once: int | None = Field(default=None, ge=1, description="Runs at once; 4 without a language model, 256 with one.")

    @property
    def figures(self) -> Path:
        """Where worker processes keep their figures together."""
        return self.files / "figures"

    @property
    def files(self) -> Path:
        """Where the service keeps its own state."""
        return self.engine.home / "service"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ServiceSettings:
        """Read the variables.

        Raises:
            SettingsError: One has a value that can't be; the message names it.
        """
        own = [n for n in cls.model_fields if n not in {"engine", "identity", "limits"}]
        read = read_environment(cls, PREFIX, {k: v for k, v in environment.items() if k.removeprefix(PREFIX).lower() in own})
        return read.model_copy(
            update={
                "engine": Settings.from_environment(dict(environment)),
                "identity": IdentitySettings.from_environment(environment),
                "limits": LimitSettings.from_environment(environment),
            }
        )

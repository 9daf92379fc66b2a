"""Settings: read once at the edge, passed on."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yingzhi.agents.models.settings import ModelSettings, read_model_settings
from yingzhi.clinical.errors import SettingsError
from yingzhi.clinical.words import CareLevel


class Settings(BaseModel):
    """How this installation works. Environment variables are `YINGZHI_` and the field's name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(default_factory=lambda: user_data_path("yingzhi"), description="Where all local state lives.")
    tenant: str = Field(
        default="local", pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9_.@-]{0,126}[A-Za-z0-9])?$", description="Whose documents are searched."
    )
    setting: CareLevel = Field(default="secondary", description="Level of the site, where a case does not say.")
    site: str = Field(
        default="",
        description="What the site has: village, township, county, tertiary, or a YAML file. Its level counts for `setting`.",
    )
    evidence: bool = Field(default=True, description="Search the evidence index during a consultation.")
    model: ModelSettings | None = Field(default=None, description="The language model; None works without one.")
    prices: Path | None = Field(default=None, description="YAML file of investigation id: CNY that replaces the built-in prices.")

    @property
    def checkpoints(self) -> Path:
        """Where `yingzhi serve` keeps consultations, and `yingzhi eval inbox` reads what doctors put right."""
        return self.home / "service" / "checkpoints.sqlite"

    @classmethod
    def from_environment(cls, environment: dict[str, str]) -> Settings:
        """Read the settings from environment variables.

        Raises:
            SettingsError: A variable has a value that can't be; the message names it.
        """
        names = [n for n in cls.model_fields if n != "model" and environment.get(f"YINGZHI_{n.upper()}")]
        values: dict[str, object] = {name: environment[f"YINGZHI_{name.upper()}"] for name in names}
        values["model"] = read_model_settings(environment.get("YINGZHI_MODEL", ""), environment)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            raise SettingsError(f"YINGZHI_{str(first['loc'][0]).upper()}: {first['msg']}") from error

"""Which model, where, and how far it may go. One small file of settings, or one word in the environment."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_serializer, field_validator

from yingzhi.clinical.errors import KnowledgeError, SettingsError
from yingzhi.knowledge.load import read_yaml

Tools = Literal["native", "prompted", "none"]
Json = Literal["schema", "object", "object-schema", "prompted"]
NAMES = ("history", "differential", "workup", "pharmacology", "documentation", "challenge")
SHARED = (
    *("specialists", "without", "consultation_seconds", "max_calls", "max_total_tokens", "max_cost", "prices"),
    *("trust", "challenge", "deidentify", "probe"),
)
"""Fields that hold for the whole consultation: no specialist has its own."""
SECRETS = ("key", "proxy", "headers")


@dataclass(frozen=True, slots=True)
class Preset:
    """What is known of a provider: its address, where its key is kept, what its models can do."""

    url: str
    key: str
    """Environment variable of the key; empty where none is needed."""
    tools: Tools = "native"
    json: Json = "object"
    stream_tools: bool = True
    at_once: int | None = None
    """Requests that it takes at once; llama-cpp-python breaks a streamed answer off when another request comes."""


PRESETS: Mapping[str, Preset] = {
    "openai": Preset("https://api.openai.com/v1", "OPENAI_API_KEY", json="schema"),
    "azure": Preset("", "AZURE_OPENAI_API_KEY", json="schema"),
    "deepseek": Preset("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "dashscope": Preset("https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
    "vllm": Preset("http://127.0.0.1:8000/v1", "", json="schema"),
    "ollama": Preset("http://127.0.0.1:11434/v1", ""),
    "llama-cpp": Preset("http://127.0.0.1:8089/v1", "", json="object-schema", stream_tools=False, at_once=1),
    "other": Preset("", "", tools="prompted", json="prompted"),
}


Price = Annotated[float, Field(ge=0)]


class ModelSettings(BaseModel):
    """A model and its limits. `specialists` overrides any field that is not in `SHARED` for one specialist."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False, hide_input_in_errors=True)

    model: str = Field(min_length=1, description="Name of the model at its provider.")
    preset: str = Field(default="other", description="Provider: " + ", ".join(PRESETS) + ".")
    base_url: str = Field(default="", description="Address of the API; that of the preset by default.")
    key: SecretStr = Field(default=SecretStr(""), description="API key; by default from the preset's environment variable.")
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    seed: int | None = 7
    max_tokens: int = Field(default=1200, ge=16, le=32_000, description="Longest answer.")
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="Extra HTTP headers.")
    ca_file: Path | None = Field(default=None, description="PEM file of a private certificate authority.")
    proxy: SecretStr = Field(default=SecretStr(""), description="HTTP proxy; the environment's proxy variables are not read.")
    tools: Tools | None = Field(default=None, description="How tools are offered: native, prompted or none; the preset knows.")
    json_mode: Json | None = Field(
        default=None, description="How JSON is asked for: schema, object, object-schema or prompted; the preset knows."
    )
    at_once: int | None = Field(default=None, ge=1, description="Requests to one endpoint at once; the preset knows, and most take many.")
    stream: bool = Field(default=True, description="Stream the answers, so that words appear as they come.")
    connect_seconds: float = Field(default=5.0, gt=0)
    call_seconds: float = Field(default=60.0, gt=0, description="Longest single request.")
    idle_seconds: float = Field(default=20.0, gt=0, description="Longest silence within an answer.")

    specialists: dict[str, dict[str, object]] = Field(default_factory=dict, description="Overrides by specialist.")
    without: tuple[str, ...] = Field(default=(), description="Specialists that work without the model.")
    specialist_seconds: float = Field(default=90.0, gt=0, description="Deadline of one specialist, retries and tools among it.")
    consultation_seconds: float = Field(default=240.0, ge=0, description="Deadline of all model work of one consultation.")
    max_calls: int = Field(default=24, ge=0, description="Requests of one consultation.")
    max_total_tokens: int = Field(default=150_000, ge=0, description="Tokens of one consultation, in and out.")
    max_cost: float | None = Field(default=None, ge=0, description="Cost of one consultation; needs a price for the model.")
    prices: dict[str, tuple[Price, Price]] = Field(
        default_factory=dict, description="Price by model name: one million tokens in, one million out."
    )
    tool_rounds: int = Field(default=3, ge=0, le=10)
    trust: float = Field(default=3.0, ge=1, le=20, description="Largest likelihood ratio that a model's opinion on a diagnosis may have.")
    challenge: bool = Field(default=True, description="Let a devil's advocate look at a close or dangerous differential.")
    check_citations: bool = Field(default=True, description="Ask the model a second time whether each cited passage bears its claim out.")
    deidentify: Literal["auto", "always", "never"] = Field(default="auto", description="auto: for every endpoint that is not loopback.")
    prompts: Path | None = Field(default=None, description="Folder with your own prompt files.")
    brief: bool = Field(default=False, description="Short prompts and less data, for small models and short contexts.")
    probe: bool = Field(default=True, description="One small call before the first consultation, to say plainly what is wrong.")

    @field_validator("specialists")
    @classmethod
    def _wrap(cls, specialists: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        """Keep the secrets of overrides as the field's own are kept."""
        return {name: {field: _wrapped(field, value) for field, value in own.items()} for name, own in specialists.items()}

    @field_serializer("specialists", when_used="json")
    def _hide(self, specialists: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        return {name: {k: "**********" if k in SECRETS else v for k, v in own.items()} for name, own in specialists.items()}

    def of(self, specialist: str) -> ModelSettings:
        """The settings for one specialist.

        A key and headers are for one host: they do not go along to another. Address and abilities do not go along to another preset.

        Raises:
            SettingsError: An override names a field that is not there or has a value that can't be.
        """
        own = self.specialists.get(specialist)
        if not own:
            return self
        shared = next((field for field in own if field in SHARED), None)
        if shared:
            raise SettingsError(f"model settings, specialists.{specialist}.{shared}: holds for all specialists, it can't be set for one")
        stays: tuple[str, ...] = ()
        if own.get("preset", self.preset) != self.preset:
            stays = ("base_url", "key", "headers", "tools", "json_mode", "at_once")
        elif _host(str(own.get("base_url") or self.url)) != _host(self.url):
            stays = ("key", "headers")
        try:
            return ModelSettings.model_validate({**self.model_dump(exclude=set(stays)), **own})
        except ValidationError as error:
            raise SettingsError(f"model settings, specialists.{specialist}.{_first(error)}") from None

    @property
    def prompt_root(self) -> Path | None:
        """Where prompts are read from first; None for the built-in ones."""
        return self.prompts or (Path(str(resources.files("yingzhi.prompts"))) / "brief" if self.brief else None)

    @property
    def url(self) -> str:
        """Address of the API."""
        return self.base_url or PRESETS[self.preset].url

    @property
    def offers(self) -> Tools:
        """How tools are offered."""
        return self.tools or PRESETS[self.preset].tools

    @property
    def asks_json(self) -> Json:
        """How JSON is asked for."""
        return self.json_mode or PRESETS[self.preset].json

    @property
    def requests_at_once(self) -> int | None:
        """How many requests the endpoint takes at once; None for no limit."""
        return self.at_once or PRESETS[self.preset].at_once

    @property
    def masks(self) -> bool:
        """Whether identifiers are masked before text leaves: for all specialists as soon as one of them sends it off this machine."""
        return self.deidentify == "always" or (self.deidentify == "auto" and any(_leaves(self.of(n)) for n in ("", *self.specialists)))


def is_loopback(url: str) -> bool:
    """Whether an address is this machine."""
    host = _host(url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _leaves(settings: ModelSettings) -> bool:
    proxy = settings.proxy.get_secret_value()
    return not is_loopback(settings.url) or bool(proxy and not is_loopback(proxy))


def _wrapped(field: str, value: object) -> object:
    if field == "headers" and isinstance(value, dict):
        return {k: SecretStr(v) if isinstance(v, str) else v for k, v in value.items()}
    return SecretStr(value) if field in SECRETS and isinstance(value, str) else value


def read_model_settings(value: str, environment: Mapping[str, str]) -> ModelSettings | None:
    """From `YINGZHI_MODEL`: empty for none, `preset:model`, `http://host/v1#model`, or the path of a YAML file.

    Raises:
        SettingsError: In one sentence what is wrong.
    """
    value = value.strip()
    if not value:
        return None
    if value.startswith(("http://", "https://")):
        url, _, model = value.partition("#")
        fields: dict[str, object] = {"base_url": url, "model": model}
    elif value.endswith((".yaml", ".yml")):
        fields = _from_file(Path(value))
    else:
        preset, _, model = value.partition(":")
        fields = {"preset": preset, "model": model}
    if environment.get("YINGZHI_MODEL_URL"):
        fields["base_url"] = environment["YINGZHI_MODEL_URL"]
    return checked(fields, environment)


def checked(fields: Mapping[str, object], environment: Mapping[str, str]) -> ModelSettings:
    """Validate, and fill the key in from the environment.

    Raises:
        SettingsError: In one sentence what is wrong.
    """
    try:
        settings = ModelSettings.model_validate(fields)
    except ValidationError as error:
        raise SettingsError(f"YINGZHI_MODEL: {_first(error)}") from None
    unknown = [n for n in (*settings.specialists, *settings.without) if n not in NAMES]
    if unknown:
        raise SettingsError(f"YINGZHI_MODEL: there is no specialist {unknown[0]!r}; there are {', '.join(NAMES)}")
    settings = _keyed(settings, environment, "")
    own = {n: {**o, "key": _keyed(settings.of(n), environment, f"specialists.{n}: ").key} for n, o in settings.specialists.items()}
    return settings.model_copy(update={"specialists": own})


def _keyed(settings: ModelSettings, environment: Mapping[str, str], where: str) -> ModelSettings:
    """The settings of all (`where` is empty) or of one specialist, looked over, with the key from the environment."""
    if settings.preset not in PRESETS:
        raise SettingsError(f"YINGZHI_MODEL: {where}there is no preset {settings.preset!r}; there are {', '.join(PRESETS)}")
    if not settings.url:
        raise SettingsError(f"YINGZHI_MODEL: {where}preset {settings.preset!r} needs an address: set base_url or YINGZHI_MODEL_URL")
    if not _is_address(settings.url):
        raise SettingsError(f"YINGZHI_MODEL: {where}base_url must be http(s)://host[:port]/path, without user or password")
    if settings.proxy.get_secret_value() and not _is_address(settings.proxy.get_secret_value(), login=True):
        raise SettingsError(f"YINGZHI_MODEL: {where}proxy must be http(s)://host:port")
    if settings.max_cost is not None and settings.model not in settings.prices:
        raise SettingsError(f"YINGZHI_MODEL: {where}max_cost needs a price for {settings.model!r} under prices")
    _check_ca(settings.ca_file, where)
    name = PRESETS[settings.preset].key
    key = settings.key.get_secret_value() or ("" if where else environment.get("YINGZHI_MODEL_KEY", "")) or environment.get(name or "-", "")
    if not key and name and not settings.base_url:
        raise SettingsError(f"YINGZHI_MODEL: {where}key, {name} or YINGZHI_MODEL_KEY must hold the key of {settings.preset}")
    return settings.model_copy(update={"key": SecretStr(key.strip())})


def _is_address(url: str, *, login: bool = False) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and (login or "@" not in parts.netloc)
    except ValueError:  # brackets or a port that can't be
        return False


def _check_ca(path: Path | None, where: str) -> None:
    if path is None:
        return
    if not path.is_file():
        raise SettingsError(f"YINGZHI_MODEL: {where}ca_file {path.name} is not there")
    try:
        ssl.create_default_context(cafile=str(path))
    except OSError:  # ssl.SSLError is one
        raise SettingsError(f"YINGZHI_MODEL: {where}ca_file {path.name} holds no certificates") from None


def _from_file(path: Path) -> dict[str, object]:
    try:
        fields = read_yaml(path)
    except (OSError, KnowledgeError) as error:
        raise SettingsError(f"YINGZHI_MODEL: {path.name} can't be read ({type(error).__name__})") from None
    if not isinstance(fields, dict):
        raise SettingsError(f"YINGZHI_MODEL: {path.name} must hold fields and values")
    return fields


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}"

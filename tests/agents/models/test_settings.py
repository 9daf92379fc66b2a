from __future__ import annotations

import logging
import subprocess
import traceback
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from yingzhi.agents.models.settings import NAMES, PRESETS, SHARED, ModelSettings, checked, is_loopback, read_model_settings
from yingzhi.clinical.errors import SettingsError

KEY = "sk-top-secret-4711"


def write(folder: Path, fields: object, name: str = "model.yaml") -> str:
    path = folder / name
    path.write_text(yaml.safe_dump(fields, allow_unicode=True), encoding="utf-8")
    return str(path)


def test_an_empty_word_means_no_model() -> None:
    assert read_model_settings("  ", {}) is None


@pytest.mark.parametrize("preset", [name for name, p in PRESETS.items() if p.url])
def test_a_preset_and_a_model_are_enough(preset: str) -> None:
    settings = read_model_settings(f"{preset}:some-model", {PRESETS[preset].key or "X": KEY})
    assert settings is not None
    assert (settings.model, settings.url) == ("some-model", PRESETS[preset].url)
    assert settings.key.get_secret_value() == (KEY if PRESETS[preset].key else "")
    assert (settings.offers, settings.asks_json) == (PRESETS[preset].tools, PRESETS[preset].json)


def test_the_name_of_a_model_may_hold_a_colon() -> None:
    settings = read_model_settings("ollama:qwen3:4b", {})
    assert settings is not None
    assert settings.model == "qwen3:4b"


def test_an_address_with_a_model_behind_the_hash() -> None:
    settings = read_model_settings("http://10.0.0.5:9000/v1#qwen3", {"YINGZHI_MODEL_KEY": KEY})
    assert settings is not None
    assert (settings.url, settings.model, settings.preset) == ("http://10.0.0.5:9000/v1", "qwen3", "other")
    assert settings.key.get_secret_value() == KEY


def test_a_file_in_chinese_is_read_without_fuss(tmp_path: Path) -> None:
    fields = {"preset": "vllm", "model": "通义千问", "prices": {"通义千问": [1, 2]}, "max_cost": 3, "without": ["history"]}
    settings = read_model_settings(write(tmp_path, fields, "模型.yaml"), {})
    assert settings is not None
    assert (settings.model, settings.without, settings.max_cost) == ("通义千问", ("history",), 3)


def test_the_address_and_the_key_of_the_environment() -> None:
    environment = {"YINGZHI_MODEL_URL": "https://gate.example/v1", "YINGZHI_MODEL_KEY": KEY, "OPENAI_API_KEY": "not-this-one"}
    settings = read_model_settings("openai:gpt", environment)
    assert settings is not None
    assert settings.url == "https://gate.example/v1"
    assert settings.key.get_secret_value() == KEY


def test_the_key_of_the_file_goes_before_that_of_the_environment(tmp_path: Path) -> None:
    settings = read_model_settings(write(tmp_path, {"preset": "openai", "model": "m", "key": KEY}), {"YINGZHI_MODEL_KEY": "other"})
    assert settings is not None
    assert settings.key.get_secret_value() == KEY


def test_a_specialist_has_its_own_model_and_the_others_do_not() -> None:
    settings = checked({"preset": "vllm", "model": "m", "specialists": {"workup": {"model": "big", "temperature": 0.5}}}, {})
    assert (settings.of("workup").model, settings.of("workup").temperature) == ("big", 0.5)
    assert settings.of("workup").url == settings.url
    assert settings.of("history") is settings


def test_a_key_does_not_go_along_to_another_provider() -> None:
    fields = {
        "preset": "openai",
        "model": "m",
        "headers": {"x-org": "ours"},
        "specialists": {"workup": {"preset": "deepseek", "model": "d"}, "history": {"base_url": "https://elsewhere.example/v1"}},
    }
    settings = checked(fields, {"OPENAI_API_KEY": KEY, "DEEPSEEK_API_KEY": "deep", "YINGZHI_MODEL_KEY": ""})
    workup, history = settings.of("workup"), settings.of("history")
    assert (workup.key.get_secret_value(), workup.url, workup.headers) == ("deep", PRESETS["deepseek"].url, {})
    assert history.headers == {}
    with pytest.raises(SettingsError, match=r"specialists\.workup: .*DEEPSEEK_API_KEY"):
        checked(fields, {"OPENAI_API_KEY": KEY, "YINGZHI_MODEL_KEY": KEY})


def test_a_key_goes_along_to_another_model_of_the_same_host() -> None:
    fields = {"preset": "vllm", "model": "m", "key": KEY, "specialists": {"workup": {"base_url": "http://127.0.0.1:8001/v1"}}}
    assert checked(fields, {}).of("workup").key.get_secret_value() == KEY


def own(**fields: object) -> dict[str, object]:
    return {"preset": "vllm", "model": "m", "key": KEY, "specialists": {"history": fields}}


BAD: list[tuple[str, dict[str, object], str]] = [
    ("preset", {"preset": "nonesuch", "model": "m"}, "nonesuch"),
    ("model", {"preset": "openai", "model": ""}, "model"),
    ("specialist", {"preset": "vllm", "model": "m", "specialists": {"surgeon": {}}}, "surgeon"),
    ("without", {"preset": "vllm", "model": "m", "without": ["surgeon"]}, "surgeon"),
    ("key", {"preset": "openai", "model": "m"}, "OPENAI_API_KEY"),
    ("address", {"preset": "other", "model": "m", "key": KEY}, "base_url"),
    ("azure address", {"preset": "azure", "model": "m", "key": KEY}, "base_url"),
    ("no host", {"preset": "other", "model": "m", "base_url": "http://"}, "base_url"),
    ("scheme", {"preset": "other", "model": "m", "base_url": "file:///etc/passwd"}, "base_url"),
    ("brackets", {"preset": "other", "model": "m", "base_url": "http://[::1"}, "base_url"),
    ("port", {"preset": "other", "model": "m", "base_url": "http://host:eighty/v1"}, "base_url"),
    ("login in the address", {"preset": "other", "model": "m", "base_url": f"https://me:{KEY}@host/v1"}, "base_url"),
    ("proxy", {"preset": "vllm", "model": "m", "proxy": "nonsense"}, "proxy"),
    ("price", {"preset": "vllm", "model": "m", "max_cost": 1}, "max_cost"),
    ("negative cost", {"preset": "vllm", "model": "m", "max_cost": -1, "prices": {"m": [1, 1]}}, "max_cost"),
    ("negative price", {"preset": "vllm", "model": "m", "prices": {"m": [1, -1]}}, "prices"),
    ("ca_file", {"preset": "vllm", "model": "m", "ca_file": "/nowhere/ca.pem"}, "ca_file ca.pem"),
    ("negative seconds", {"preset": "vllm", "model": "m", "call_seconds": -1}, "call_seconds"),
    ("no number", {"preset": "vllm", "model": "m", "call_seconds": float("nan")}, "call_seconds"),
    ("no end", {"preset": "vllm", "model": "m", "consultation_seconds": float("inf")}, "consultation_seconds"),
    ("negative calls", {"preset": "vllm", "model": "m", "max_calls": -1}, "max_calls"),
    ("unknown field", {"preset": "vllm", "model": "m", "api_key": KEY}, "api_key"),
    ("key of a wrong type", {"preset": "vllm", "model": "m", "key": [KEY]}, "key"),
    ("field that is no text", {1: KEY, "preset": "vllm", "model": "m"}, "1"),  # type: ignore[dict-item]
    ("unknown field of a specialist", own(api_key=KEY), "specialists.history.api_key"),
    ("value of a specialist", own(max_tokens=-1), "specialists.history.max_tokens"),
    ("preset of a specialist", own(preset="nonesuch"), "specialists.history"),
    ("price of a specialist", {**own(model="big"), "max_cost": 1, "prices": {"m": [1, 1]}}, "max_cost"),
    ("address of a specialist", own(base_url="nonsense"), "base_url"),
    *((f"{field} of a specialist", own(**{field: 1}), f"specialists.history.{field}") for field in SHARED),
]


@pytest.mark.parametrize(("fields", "names"), [pytest.param(f, n, id=i) for i, f, n in BAD])
def test_bad_settings_give_one_plain_sentence_that_names_the_field_and_not_the_key(fields: dict[str, object], names: str) -> None:
    with pytest.raises(SettingsError) as caught:
        checked(fields, {"YINGZHI_MODEL_KEY": KEY} if "key" in fields else {})
    sentence = str(caught.value)
    assert names in sentence
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "model.yaml"),
        ("- a\n- b\n", "model.yaml"),
        (f"key: {KEY}\nmodel: [1, 2\n", "model.yaml"),
        (f"key: '{KEY}'\nmodel: m\nmodell: x\npreset: vllm\n", "modell"),
        (f"key: '{KEY}'\nmodel: m\npreset: vllm\nwithout: history\n", "without"),
    ],
)
def test_a_bad_file_gives_one_plain_sentence(tmp_path: Path, text: str, names: str) -> None:
    (tmp_path / "model.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=names) as caught:
        read_model_settings(str(tmp_path / "model.yaml"), {})
    assert "\n" not in str(caught.value)
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("value", ["nowhere.yaml", "gpt-5", "openai:", ":m", "http://127.0.0.1/v1", "http://#m", "ftp://host#m"])
def test_a_bad_word_gives_one_plain_sentence(value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_model_settings(value, {"OPENAI_API_KEY": KEY})
    assert str(caught.value).startswith("YINGZHI_MODEL: ")
    assert "\n" not in str(caught.value)


def test_a_ca_file_without_a_certificate_is_no_ca_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"ca_file ca\.pem holds no certificates"):
        checked({"preset": "vllm", "model": "m", "ca_file": str(tmp_path / "ca.pem")}, {})


def test_a_ca_file_with_a_certificate_is_taken(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    assert checked({"preset": "vllm", "model": "m", "ca_file": str(certificate[0])}, {}).ca_file == certificate[0]


def secretive() -> ModelSettings:
    fields = {
        "preset": "openai",
        "model": "m",
        "proxy": f"http://me:{KEY}@proxy.example:3128",
        "headers": {"authorization": f"Bearer {KEY}"},
        "specialists": {"history": {"key": KEY, "headers": {"api-key": KEY}, "proxy": f"http://{KEY}@p:1"}, "workup": {"model": "x"}},
    }
    return checked(fields, {"OPENAI_API_KEY": KEY})


def test_the_settings_never_show_the_key(caplog: pytest.LogCaptureFixture) -> None:
    settings = secretive()
    assert settings.key.get_secret_value() == KEY
    assert settings.of("history").headers["api-key"].get_secret_value() == KEY
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%s %r", settings, settings)
    shown = [repr(settings), str(settings), f"{settings}", settings.model_dump_json(), str(settings.model_dump()), caplog.text]
    shown += [repr(settings.of(n)) + settings.of(n).model_dump_json() for n in NAMES]
    assert not [text for text in shown if KEY in text]


def test_the_settings_can_not_be_changed() -> None:
    with pytest.raises(ValidationError):
        secretive().key = SecretStr("other")


LOOPBACK = {
    "http://127.0.0.1:8000/v1": True,
    "http://127.8.9.10/v1": True,
    "http://localhost:1/v1": True,
    "http://LOCALHOST/v1": True,
    "http://[::1]:8000/v1": True,
    "http://0.0.0.0/v1": False,
    "http://10.0.0.1/v1": False,
    "http://192.168.1.2/v1": False,
    "http://169.254.169.254/v1": False,
    "https://api.openai.com/v1": False,
    "http://localhost.example.com/v1": False,
    "http://127.0.0.1.example.com/v1": False,
    "http://localhost@example.com/v1": False,
    "http://example.com/127.0.0.1": False,
    "http://example.com#localhost": False,
    "http://[::1/v1": False,
    "": False,
}


@pytest.mark.parametrize(("url", "local"), LOOPBACK.items())
def test_which_addresses_are_this_machine(url: str, local: bool) -> None:
    assert is_loopback(url) is local


@pytest.mark.parametrize(("url", "local"), [(u, x) for u, x in LOOPBACK.items() if u.startswith("http")])
def test_text_is_masked_for_every_endpoint_that_is_not_this_machine(url: str, local: bool) -> None:
    assert ModelSettings(model="m", base_url=url).masks is not local
    assert ModelSettings(model="m", base_url=url, deidentify="always").masks
    assert not ModelSettings(model="m", base_url=url, deidentify="never").masks


@given(st.ip_addresses())
def test_only_loopback_addresses_are_this_machine(address: object) -> None:
    host = f"[{address}]" if ":" in str(address) else str(address)
    assert is_loopback(f"http://{host}:80/v1") is (str(address).startswith("127.") or str(address) == "::1")


@pytest.mark.parametrize("preset", [name for name, p in PRESETS.items() if p.url and not is_loopback(p.url)])
def test_every_hosted_preset_is_masked(preset: str) -> None:
    assert ModelSettings(model="m", preset=preset).masks


def test_one_specialist_whose_model_is_elsewhere_masks_for_all() -> None:
    settings = checked({"preset": "vllm", "model": "m", "specialists": {"workup": {"base_url": "https://far.example/v1"}}}, {})
    assert settings.masks
    assert settings.of("workup").masks
    assert settings.of("history").masks


def test_a_proxy_elsewhere_masks_too() -> None:
    assert ModelSettings(model="m", preset="vllm", proxy=SecretStr("http://proxy.example:3128")).masks


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "cert.pem", folder / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=x"]
    try:
        subprocess.run([*words, "-out", str(made[0]), "-keyout", str(made[1])], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl makes no certificate here")
    return made

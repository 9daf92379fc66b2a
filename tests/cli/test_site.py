from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from yingzhi.agents.specialist import Resources
from yingzhi.tools.sites import read_site

NOTE = "An 80-year-old woman with itch for months, urticarial plaques and tense blisters on the thighs and belly."


@pytest.fixture
def note(tmp_path: Path) -> str:
    path = tmp_path / "note.txt"
    path.write_text(NOTE, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("kind", ["village", "township", "county", "tertiary"])
def test_a_printed_profile_is_the_usual_site_of_its_kind(yingzhi: Run, resources: Resources, tmp_path: Path, kind: str) -> None:
    printed = yingzhi("knowledge", "site", kind)
    assert printed.code == 0, printed.err
    profile = tmp_path / "site.yaml"
    profile.write_text(printed.out, encoding="utf-8")
    own, usual = read_site(str(profile), resources.knowledge, ()), resources.knowledge.sites[kind]
    assert set(own.equipment) == set(usual.equipment)
    assert set(own.specialists) == set(usual.specialists)
    assert own.transfers == usual.transfers


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("equipment: [basic-instruments, wood-lampe]", "equipment: wood-lampe is not known; did you mean wood-lamp?"),
        ("tests: [blood-count, moon-scan]", "tests: moon-scan is not known"),
        ("drugs: [miraculin]", "drugs: miraculin is not known"),
        ("specialists: [astrology]", "specialists: astrology is not known"),
        ("beds: 12", "beds"),
    ],
)
def test_a_profile_with_something_unknown_ends_in_one_sentence_that_names_it(
    yingzhi: Run, note: str, tmp_path: Path, line: str, named: str
) -> None:
    profile = tmp_path / "site.yaml"
    profile.write_text(f"id: here\nnames: {{en: Here, zh: 本院}}\nkind: township\nlevel: primary\n{line}\n", encoding="utf-8")
    ended = yingzhi("consult", note, "--site", str(profile))
    assert ended.code == 2
    assert named in ended.err
    assert "Traceback" not in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not ended.out


def test_the_option_goes_before_the_environment(yingzhi: Run, note: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGZHI_SITE", "village")
    small = json.loads(yingzhi("consult", note, "-f", "json").out)
    large = json.loads(yingzhi("consult", note, "-f", "json", "--site", "tertiary").out)
    assert small["referral"]["refer"]
    assert not large["referral"]["refer"]
    assert not large["referral"]["needs"]

"""Every red-flag rule, in the words that doctors and patients use: it comes where it has to, and stays away from look-alikes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.presentation import Presentation
from yingzhi.knowledge.load import read_yaml

NOTES: Any = read_yaml(Path(__file__).with_name("red_flag_notes.yaml"))


def notes(kind: str) -> Iterator[tuple[str, str]]:
    for rule, told in NOTES.items():
        yield from ((rule, note) for lang in ("en", "zh") for note in told[kind][lang])


def alerts(note: str, resources: Resources) -> dict[str, str]:
    history = read_record({"presentation": Presentation(id="note", text=note)}, Desk(resources))
    return {a.id: a.level for a in history.red_flags}


@pytest.mark.parametrize(("rule", "note"), list(notes("fires")))
def test_the_rule_comes_at_its_level_in_whatever_words(rule: str, note: str, resources: Resources) -> None:
    assert alerts(note, resources).get(rule) == resources.knowledge.red_flags[rule].level


@pytest.mark.parametrize(("rule", "note"), list(notes("silent")))
def test_the_rule_stays_away_from_what_is_denied_past_or_of_others(rule: str, note: str, resources: Resources) -> None:
    assert rule not in alerts(note, resources)


def test_every_rule_has_notes_of_both_kinds_in_both_languages(resources: Resources) -> None:
    assert set(NOTES) == set(resources.knowledge.red_flags)
    for rule, told in NOTES.items():
        assert all(len(told["fires"][lang]) >= 3 and len(told["silent"][lang]) >= 2 for lang in ("en", "zh")), rule

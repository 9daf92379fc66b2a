"""Vital signs in either language, by age; numbers that are none are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingzhi.tools.vitals import fast_pulse, low_systolic, vital_findings

READ = [
    ("T 38.9 °C, pulse 104, BP 128/76", 57, {"fever": "present", "tachycardia": "present"}),
    ("今测体温38.9℃，脉搏104次/分，血压128/76mmHg", 57, {"fever": "present", "tachycardia": "present"}),
    (
        "T 39.3, HR 124, BP 84/48, drowsy",
        59,
        {"fever": "present", "high-fever": "present", "tachycardia": "present", "hypotension": "present"},
    ),
    (
        "寒战，39.8℃，P 132次/分，BP 86/50mmHg",
        19,
        {"fever": "present", "high-fever": "present", "tachycardia": "present", "hypotension": "present"},
    ),
    ("Ill 10 h: rigors, 39.8, vomited", 19, {"fever": "present", "high-fever": "present"}),
    ("体温36.6℃。心率：80次/分", 9 / 365.25, {"fever": "absent"}),
    ("T: 36.8℃", 68, {"fever": "absent"}),
    ("temperature 101.3 F", 40, {"fever": "present"}),
    ("temperature of 37.6 °C", 40, {}),
    ("T 36.5 °C now, 39.2 °C last night", 40, {"fever": "present", "high-fever": "present"}),
    ("HR 140", 2, {}),
    ("HR 140", 30, {"tachycardia": "present"}),
    ("BP 82/50", 4, {}),
    ("BP 82/50", 14, {"hypotension": "present"}),
    ("washed in water of 40 °C", 30, {}),
    ("水温40℃泡脚", 30, {}),
    ("weight 38.5 kg, albumin 39.8 g/L, T4 38 nmol/L", 30, {}),
    ("CD4 380, T 38 kg", 30, {}),
    ("PT 36 s, APTT 38 s, PT 36秒, ALT 40, AST 38", 30, {}),
    ("查体：T：38.4，P 110次/分", 30, {"fever": "present", "tachycardia": "present"}),
    ("the T zone is oily; 39 years old; 血压正常", 39, {}),
]


@pytest.mark.parametrize(("text", "age", "wanted"), READ)
def test_what_the_vital_signs_say(text: str, age: float, wanted: dict[str, str]) -> None:
    found = vital_findings(text, age)
    assert {v.finding: v.status for v in found} == wanted
    assert all(text[v.span.start : v.span.end] == v.span.text for v in found)


@given(st.text(alphabet="T体温血压BPHR脉搏0123456789./℃°C ,。kg\n", max_size=60), st.none() | st.floats(0, 120))
def test_any_text_gives_each_finding_at_most_once_and_its_place(text: str, age: float | None) -> None:
    found = vital_findings(text, age)
    assert len({v.finding for v in found}) == len(found)
    assert all(text[v.span.start : v.span.end] == v.span.text for v in found)


@given(st.floats(0, 120), st.floats(0, 120))
def test_limits_rise_and_fall_with_age(a: float, b: float) -> None:
    young, old = sorted((a, b))
    assert low_systolic(young) <= low_systolic(old)
    assert fast_pulse(young) >= fast_pulse(old)

"""Units: the same value in other clothes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingzhi.knowledge.read_labs import read_labs
from yingzhi.tools.labs.table import compile_labs
from yingzhi.tools.labs.units import fold, parse_unit

TABLE = compile_labs(read_labs())
WRITINGS = [
    "g/L",
    "g/dL",
    "mg/dL",
    "mg/L",
    "µg/dL",
    "μg/L",
    "ng/mL",
    "pg/mL",
    "mmol/L",
    "umol/l",
    "nmol/L",
    "pmol/L",
    "U/L",
    "IU/mL",
    "kU/L",
    "mIU/L",
    "×10⁹/L",
    "10^9/L",
    "x10E9/L",
    "*10^12/L",
    "K/uL",
    "/mm3",
    "cells/µL",
    "%",
    "L/L",
    "mm/h",
    "s",
    "mEq/L",
    "mmol/mol",
    "copies/mL",
]
PAIRS = [(i, w) for i, c in TABLE.analytes.items() for w in WRITINGS if (u := parse_unit(w)) and c.units.fits(u)]


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_usual_unit_is_read(writing: str) -> None:
    assert parse_unit(writing) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [("×10^9/L", "10⁹/L"), ("K/uL", "10^9/L"), ("mg/dl", "mg/dL"), ("μmol/L", "µmol/L"), ("ug/L", "ng/mL"), ("mcg/dL", "µg/dl")],
)
def test_two_writings_of_a_unit_are_one(one: str, other: str) -> None:
    assert parse_unit(one) == parse_unit(other)


@given(st.sampled_from(PAIRS), st.floats(min_value=1e-3, max_value=1e5))
def test_conversion_goes_there_and_back(pair: tuple[str, str], value: float) -> None:
    analyte, writing = pair
    unit = parse_unit(writing)
    assert unit is not None
    units = TABLE.analytes[analyte].units
    canonical = units.to_canonical(value, unit)
    assert canonical is not None
    assert units.from_canonical(canonical, unit) == pytest.approx(value, rel=1e-6, abs=1e-6)


@given(st.sampled_from(PAIRS), st.floats(min_value=0, max_value=1e5), st.floats(min_value=0, max_value=1e5))
def test_conversion_keeps_order(pair: tuple[str, str], a: float, b: float) -> None:
    units, unit = TABLE.analytes[pair[0]].units, parse_unit(pair[1])
    assert unit is not None
    low, high = (units.to_canonical(v, unit) for v in sorted((a, b)))
    assert low is not None
    assert high is not None
    assert low <= high


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "canonical"),
    [
        ("creatinine", 1.0, "mg/dL", 88.4),
        ("haemoglobin", 9.8, "g/dL", 98),
        ("glucose", 126, "mg/dL", 6.994),
        ("total-bilirubin", 2, "mg/dL", 34.2),
        ("uric-acid", 7, "mg/dL", 416.4),
        ("total-cholesterol", 200, "mg/dL", 5.172),
        ("crp", 1.2, "mg/dL", 12),
        ("hba1c", 53, "mmol/mol", 7.0),
        ("platelets", 45000, "/mm3", 45),
        ("wbc", 12.3, "K/uL", 12.3),
        ("calcium", 10, "mg/dL", 2.495),
    ],
)
def test_known_conversions_hold(analyte: str, value: float, unit: str, canonical: float) -> None:
    parsed = parse_unit(unit)
    assert parsed is not None
    assert TABLE.analytes[analyte].units.to_canonical(value, parsed) == pytest.approx(canonical, rel=2e-3)


@given(st.text())
def test_folding_never_moves_a_character(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(max_size=20))
def test_reading_a_unit_never_fails(text: str) -> None:
    parse_unit(text)

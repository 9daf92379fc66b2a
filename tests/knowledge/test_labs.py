"""The laboratory and investigation files are whole."""

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from yingzhi.knowledge.lab_models import LabAnalyte
from yingzhi.knowledge.load import HERE, read_yaml
from yingzhi.knowledge.models import Investigation, Source
from yingzhi.knowledge.read_labs import read_labs
from yingzhi.tools.labs import compile_labs

LABS = read_labs()


def rows(folder: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted((HERE / folder).glob("*.yaml")):
        content = read_yaml(path)
        assert isinstance(content, list)
        found += content
    return found


@pytest.fixture(scope="module")
def findings() -> set[str]:
    return {row["id"] for row in rows("findings")}


@pytest.fixture(scope="module")
def investigations() -> dict[str, Investigation]:
    return {row["id"]: Investigation.model_validate(row) for row in rows("investigations")}


@pytest.fixture(scope="module")
def sources() -> set[str]:
    return {row["id"] for row in rows("sources")}


def test_there_are_enough_analytes_and_investigations(investigations: dict[str, Investigation]) -> None:
    assert len(LABS) >= 90
    assert len(investigations) >= 110


def test_ids_are_unique() -> None:
    assert not [i for i, n in Counter(a.id for a in LABS).items() if n > 1]


def test_every_reference_of_an_analyte_resolves(findings: set[str], investigations: dict[str, Investigation], sources: set[str]) -> None:
    for a in LABS:
        assert a.test in investigations, a.id
        assert {m.finding for m in a.means} <= findings, a.id
        assert {a.source, *(r.source for r in a.references), *(c.source for c in a.critical)} <= sources, a.id


def test_every_reference_of_an_investigation_resolves(
    findings: set[str], investigations: dict[str, Investigation], sources: set[str]
) -> None:
    for i in investigations.values():
        assert {*i.yields, *i.risk_raised_by} <= findings, i.id
        assert i.source in sources, i.id


def test_no_two_investigations_share_a_name(investigations: dict[str, Investigation]) -> None:
    names = Counter(n.lower() for i in investigations.values() for n in {i.names.en, i.names.zh, *i.aliases.en, *i.aliases.zh})
    assert not [n for n, k in names.items() if k > 1]


def test_invasive_tests_stand_on_the_upper_rungs(investigations: dict[str, Investigation]) -> None:
    for i in investigations.values():
        if i.invasiveness == "major":
            assert i.tier == "invasive-or-costly", i.id
        if i.invasiveness == "venepuncture":
            assert i.tier in {"blood", "invasive-or-costly"}, i.id
        if i.tier in {"ask-examine", "non-invasive"}:
            assert i.invasiveness == "none", i.id


def test_direct_immunofluorescence_forbids_formalin(investigations: dict[str, Investigation]) -> None:
    specimen = investigations["biopsy-direct-immunofluorescence"].specimen
    assert specimen is not None
    assert "NEVER formalin" in specimen.en
    assert "禁用甲醛" in specimen.zh


def test_every_unit_is_known_to_the_converter() -> None:
    compile_labs(LABS)


def test_a_number_needs_a_canonical_unit_to_be_compared() -> None:
    for a in LABS:
        if a.references or a.critical or a.plausible:
            assert a.unit, a.id


@pytest.mark.parametrize("analyte", LABS, ids=lambda a: a.id)
def test_limits_of_an_analyte_are_in_order(analyte: LabAnalyte) -> None:
    bounds = analyte.plausible or (float("-inf"), float("inf"))
    for r in analyte.references:
        low, high = r.low if r.low is not None else bounds[0], r.high if r.high is not None else bounds[1]
        assert bounds[0] <= low < high <= bounds[1]
        assert r.age_to is None or r.age_from < r.age_to
    for c in analyte.critical:
        assert c.low is None or bounds[0] <= c.low <= min((r.low for r in analyte.references if r.low is not None), default=c.low)
        assert c.high is None or c.high >= max(r.high for r in analyte.references if r.high is not None)


@pytest.mark.parametrize("analyte", [a for a in LABS if a.references], ids=lambda a: a.id)
def test_age_bands_of_one_sex_do_not_overlap(analyte: LabAnalyte) -> None:
    for sex in ("female", "male"):
        bands = sorted((r.age_from, r.age_to if r.age_to is not None else 200) for r in analyte.references if r.sex in ("any", sex))
        assert all(one[1] <= two[0] for one, two in pairwise(bands))


def test_identifiers_of_sources_have_the_form_of_identifiers() -> None:
    content = read_yaml(HERE / "sources" / "investigations.yaml")
    assert isinstance(content, list)
    for source in map(Source.model_validate, content):
        assert not source.doi or re.match(r"10\.\d{4,}/", source.doi)
        assert not source.url or source.url.startswith("https://")

"""A test that is only named, planned or pending is no result; one with its result is read."""

from __future__ import annotations

import pytest

from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.presentation import Presentation


def present(text: str, resources: Resources) -> set[str]:
    history = read_record({"presentation": Presentation(text=text)}, Desk(resources))
    return {f.id for f in history.findings if f.status == "present" and f.experiencer == "patient"}


@pytest.mark.parametrize(
    "text",
    [
        "We sent ANA, ANCA and IGRA.",
        "Quantiferon pending. Mantoux test planned.",
        "Check hepatitis C antibody, HIV viral load, RPR and TPPA before treatment.",
        "ANA and chest X-ray were normal.",
        "拟查抗核抗体、ANCA、T-SPOT。",
        "抗核抗体待回报。",
        "抗核抗体、胸片正常。",
        "建议完善梅毒螺旋体抗体、RPR及丙肝抗体检测。",
        "ANCA、抗双链DNA抗体未回。",
    ],
)
def test_a_test_without_a_result_is_no_finding(text: str, resources: Resources) -> None:
    assert {i for i in present(text, resources) if i.endswith(("-positive", "-positive-test"))} == set()


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("ANA 1:640, speckled.", "ana-positive"),
        ("Positive for anti-dsDNA and low complement.", "anti-dsdna-positive"),
        ("She has anti-Ro antibodies.", "anti-ro-positive"),
        ("ANCA was positive; IGRA is pending.", "anca-positive"),
        ("RPR reactive at 1:32.", "nontreponemal-test-positive"),
        ("抗核抗体1:320阳性。", "ana-positive"),
        ("PPD和T-SPOT阳性。", "tb-igra-positive"),
        ("TPPA阳性，RPR 1:64。", "treponemal-test-positive"),
        ("伴抗磷脂抗体。", "antiphospholipid-positive"),
        ("结核菌素试验强阳性。", "tb-igra-positive"),
    ],
)
def test_a_test_with_its_result_is_read(text: str, finding: str, resources: Resources) -> None:
    assert finding in present(text, resources)


@pytest.mark.parametrize("text", ["ANCA was positive; IGRA is pending.", "ANCA阳性，T-SPOT待回报。"])
def test_the_result_of_one_test_is_not_that_of_the_next(text: str, resources: Resources) -> None:
    found = present(text, resources)
    assert "anca-positive" in found
    assert "tb-igra-positive" not in found


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("Quantiferon was requested and is positive.", "tb-igra-positive"),
        ("Quantiferon ordered, came back positive.", "tb-igra-positive"),
        ("ANCA requested; positive.", "anca-positive"),
        ("T-SPOT待查，后回报阳性。", "tb-igra-positive"),
        ("抗SSA抗体 >200 RU/ml。", "anti-ro-positive"),
    ],
)
def test_a_test_that_was_asked_for_and_came_back_is_read(text: str, finding: str, resources: Resources) -> None:
    assert finding in present(text, resources)


@pytest.mark.parametrize("text", ["T-SPOT pending, ANCA positive.", "拟行T-SPOT，待ANA回报。", "T-SPOT待回，ANCA阳性。"])
def test_a_pending_test_takes_no_result_from_its_neighbour(text: str, resources: Resources) -> None:
    assert "tb-igra-positive" not in present(text, resources)

"""Two drugs, and three."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.tools.drug_rules import ORDER
from yingzhi.tools.formulary import load_formulary
from yingzhi.tools.interactions import check_combined, check_names, check_pair, check_pairs, pair_severity

FORMULARY = load_formulary()
DRUG = st.sampled_from(sorted(FORMULARY.drugs))


@given(DRUG, DRUG)
@settings(max_examples=500, deadline=None)
def test_a_verdict_does_not_depend_on_the_order(a: str, b: str) -> None:
    one, other = check_pair(a, b, FORMULARY), check_pair(b, a, FORMULARY)
    assert one.severity == other.severity == pair_severity(a, b, FORMULARY)
    assert one.mechanisms == other.mechanisms


@given(DRUG, DRUG)
@settings(max_examples=300, deadline=None)
def test_the_verdict_is_the_worst_mechanism_and_every_mechanism_is_sourced(a: str, b: str) -> None:
    found = check_pair(a, b, FORMULARY)
    ranks = [ORDER[m.severity] for m in found.mechanisms]
    assert ranks == sorted(ranks)
    assert found.severity == (found.mechanisms[0].severity if found.mechanisms else "none")
    assert all(m.sources and "{" not in m.mechanism.en + m.mechanism.zh for m in found.mechanisms)


@pytest.mark.parametrize(
    ("a", "b", "severity"),
    [
        ("methotrexate", "co-trimoxazole", "contraindicated"),
        ("isotretinoin", "doxycycline", "contraindicated"),
        ("acitretin", "methotrexate", "contraindicated"),
        ("azathioprine", "allopurinol", "contraindicated"),
        ("brivudine", "capecitabine", "contraindicated"),
        ("ciclosporin", "simvastatin", "contraindicated"),
        ("itraconazole", "simvastatin", "contraindicated"),
        ("clarithromycin", "colchicine", "contraindicated"),
        ("terbinafine", "tamoxifen", "major"),
        ("tofacitinib", "adalimumab", "major"),
        ("methotrexate", "varicella-vaccine", "contraindicated"),
        ("warfarin", "fluconazole", "major"),
        ("doxycycline", "iron", "moderate"),
        ("cetirizine", "amlodipine", "none"),
        ("dupilumab", "warfarin", "none"),
        ("desloratadine", "methotrexate", "none"),
    ],
)
def test_pairs_a_dermatologist_must_know_read_as_they_should(a: str, b: str, severity: str) -> None:
    assert check_pair(a, b, FORMULARY).severity == severity


def test_an_unknown_drug_never_reads_as_no_interaction() -> None:
    for found in (check_names("methotrexate", "wonderdrug", FORMULARY), check_pair("wonderdrug", "methotrexate", FORMULARY)):
        assert not found.known
        assert found.severity == "unknown"


def test_what_stays_on_the_skin_does_not_interact() -> None:
    assert check_pair("ketoconazole", "simvastatin", FORMULARY).severity == "contraindicated"
    assert check_pair("ketoconazole", "simvastatin", FORMULARY, route_a="topical").severity == "none"
    assert check_pair("simvastatin", "ketoconazole", FORMULARY, route_b="topical").severity == "none"


def test_a_local_drug_interacts_where_enough_of_it_is_absorbed() -> None:
    assert check_pair("miconazole", "warfarin", FORMULARY).severity == "major"
    assert check_pair("levobunolol", "verapamil", FORMULARY).severity == "major"


def test_weak_with_weak_does_not_alarm() -> None:
    assert check_pair("ebastine", "sertraline", FORMULARY).severity in {"none", "minor"}


@pytest.mark.parametrize(
    ("a", "b", "severity"),
    [
        ("hydroxyzine", "citalopram", "contraindicated"),
        ("mizolastine", "erythromycin", "contraindicated"),
        ("abrocitinib", "fluconazole", "major"),
        ("tofacitinib", "ketoconazole", "major"),
        ("ciclosporin", "st-johns-wort", "major"),
        ("fluconazole", "gliclazide", "moderate"),
        ("doxycycline", "carbamazepine", "moderate"),
        ("rilpivirine", "dexamethasone", "contraindicated"),
        ("talimogene-laherparepvec", "prednisone", "contraindicated"),
        ("talimogene-laherparepvec", "clobetasol-propionate", "none"),
        ("huoxiang-zhengqi-liquid", "cefoperazone", "contraindicated"),
        ("danshen", "warfarin", "major"),
        ("brivudine", "fluorouracil", "contraindicated"),
        ("terbinafine", "rifampicin", "moderate"),
    ],
)
def test_pairs_that_labels_name_outright_read_so(a: str, b: str, severity: str) -> None:
    assert check_pair(a, b, FORMULARY).severity == severity


def test_a_gel_on_the_skin_is_not_the_tablet() -> None:
    assert check_pair("metronidazole", "warfarin", FORMULARY).severity == "major"
    assert check_pair("metronidazole", "warfarin", FORMULARY, route_a="topical").severity == "none"
    assert check_pair("miconazole", "warfarin", FORMULARY, route_a="vaginal").severity == "major"


def test_what_is_forbidden_never_reads_as_a_matter_of_dose() -> None:
    found = check_pair("itraconazole", "simvastatin", FORMULARY).mechanisms[0]
    assert found.severity == "contraindicated"
    assert "Do not combine" in found.management.en


def test_many_pairs_read_as_each_by_itself() -> None:
    rows = [("warfarin", "aspirin"), ("aspirin", "warfarin"), ("warfarin", "wonderdrug"), ("MTX", "复方新诺明")]
    assert list(check_pairs(rows, FORMULARY)) == [check_names(a, b, FORMULARY) for a, b in rows]


def test_three_drugs_are_seen_together() -> None:
    alerts = check_combined(["ibuprofen", "furosemide", "ramipril"], FORMULARY)
    assert [a.id.split(":")[1] for a in alerts] == ["triple-whammy"]
    assert check_combined(["ibuprofen", "ramipril"], FORMULARY) == []

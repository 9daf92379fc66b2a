"""Results read out of slips and notes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.lab import LabResult
from yingzhi.clinical.words import Sex
from yingzhi.knowledge.lab_models import LabAnalyte
from yingzhi.knowledge.read_labs import read_labs
from yingzhi.tools.labs import compile_labs, egfr_ckd_epi_2021, parse_labs
from yingzhi.tools.labs.flags import compare

LABS = read_labs()
TABLE = compile_labs(LABS)
ORDER = {"critical-low": 0, "low": 1, "normal": 2, "high": 3, "critical-high": 4}


def read(text: str, sex: Sex = "female", age: float | None = 40.0) -> dict[str, LabResult]:
    return {r.analyte: r for r in parse_labs(text, sex, age, TABLE)}


@pytest.mark.parametrize(
    ("text", "analyte", "value", "flag", "finding"),
    [
        ("WBC 12.3×10^9/L（参考 3.5-9.5）↑", "wbc", 12.3, "high", "leukocytosis"),
        ("白细胞3.2×10⁹/L，N0.72", "wbc", 3.2, "low", "leukopenia"),
        ("ALT 108U/L", "alt", 108, "high", "transaminases-raised"),
        ("谷丙转氨酶：108 U/L", "alt", 108, "high", "transaminases-raised"),
        ("ESR 45 mm/h", "esr", 45, "high", "esr-raised"),
        ("血沉(ESR)45mm/h", "esr", 45, "high", "esr-raised"),
        ("creatinine 1.8 mg/dL", "creatinine", 159.12, "high", "creatinine-raised"),
        ("Hb 9.8 g/dL", "haemoglobin", 98, "low", "anaemia"),
        ("hemoglobin of 9.8 g/dL", "haemoglobin", 98, "low", "anaemia"),
        ("platelet count of 45,000/mm3", "platelets", 45, "low", "thrombocytopenia"),
        ("WBC 12300/uL", "wbc", 12.3, "high", "leukocytosis"),
        ("總IgE 2500kU/L", "total-ige", 2500, "high", "ige-raised"),
        ("嗜酸 1.25×10^9/L", "eosinophils", 1.25, "high", "peripheral-eosinophilia"),
        ("嗜酸性粒细胞 12%", "eosinophils-percent", 12, "high", "peripheral-eosinophilia"),
        ("补体C3 0.45g/L↓", "complement-c3", 0.45, "low", "complement-low"),
        ("TSH 8.9 mIU/L", "tsh", 8.9, "high", "tsh-raised"),
        ("HbA1c 7.2%", "hba1c", 7.2, "high", "hyperglycaemia"),
        ("铁蛋白 3200 ng/mL", "ferritin", 3200, "high", "ferritin-very-high"),
        ("RF 56 IU/mL", "rheumatoid-factor", 56, "positive", "rheumatoid-factor-positive"),
        ("ALT由108降至65U/L", "alt", 65, "high", "transaminases-raised"),
    ],
)
def test_a_value_is_read_converted_and_flagged(text: str, analyte: str, value: float, flag: str, finding: str) -> None:
    result = read(text)[analyte]
    assert result.canonical == pytest.approx(value)
    assert result.flag == flag
    assert finding in result.findings


@pytest.mark.parametrize(
    ("text", "analyte", "flag"),
    [
        ("ANA 1:320 speckled", "ana", "positive"),
        ("ANA 1:40", "ana", "negative"),
        ("ANA <1:80", "ana", "negative"),
        ("RPR 1:32 (+)", "rpr", "positive"),
        ("TPPA阳性", "tppa", "positive"),
        ("HIV抗体初筛阴性", "hiv", "negative"),
        ("HBsAg(-)", "hbsag", "negative"),
        ("HBsAg(+)、HCV(-)", "hbsag", "positive"),
        ("抗SSA抗体(+++)", "anti-ssa", "positive"),
        ("尿潜血3+", "urine-blood", "positive"),
        ("anti-dsDNA was negative", "anti-dsdna", "negative"),
        ("negative for HIV", "hiv", "negative"),
        ("elevated CRP", "crp", "high"),
        ("血沉正常", "esr", "normal"),
        ("ALT未见升高", "alt", "normal"),
        ("尿蛋白(±)", "urine-protein", "indeterminate"),
        ("KOH preparation was negative", "fungal-microscopy", "negative"),
    ],
)
def test_titres_signs_and_words_are_read(text: str, analyte: str, flag: str) -> None:
    assert read(text)[analyte].flag == flag


def test_one_word_speaks_for_a_list() -> None:
    found = read("ANA、抗dsDNA均阴性，elevated ESR and CRP")
    assert (found["ana"].flag, found["anti-dsdna"].flag) == ("negative", "negative")
    assert (found["esr"].flag, found["crp"].flag) == ("high", "high")


@pytest.mark.parametrize(
    "text",
    [
        "建议查ANA + 抗dsDNA、ENA谱",
        "维生素D 1000 IU qd",
        "叶酸 5mg",
        "氧化锌软膏外用",
        "母亲HBsAg阳性",
        "完善HIV、RPR检查",
        "若ANA阳性则转诊",
        "P 78次/分，R 18次/分，BP 138/82mmHg",
        "IgG、C3沿基底膜带线状沉积",
        "T2N1M0",
        "人血白蛋白 10g 静滴",
    ],
)
def test_what_is_no_result_gives_none(text: str) -> None:
    assert parse_labs(text, "female", 40, TABLE) == []


def test_a_table_is_read_whatever_the_order_of_its_columns() -> None:
    found = read(
        "1 白细胞计数(WBC) 12.3 ↑ 10^9/L 3.5--9.5\n2 中性粒细胞百分比 NEUT% 85.2 H % 40-75\n"
        "3 嗜酸性粒细胞绝对值(EOS#) 1.25 10^9/L H 0.02-0.52\n4 血红蛋白 HGB 3.5-9.5\n5 血小板 PLT 125-350 98 ↓ 10^9/L"
    )
    assert {k: r.flag for k, r in found.items() if r.span} == {
        "wbc": "high",
        "neutrophils-percent": "high",
        "eosinophils": "high",
        "platelets": "low",
    }
    assert found["wbc"].low == 3.5
    assert found["wbc"].reference_origin == "report"


def test_cells_below_each_other_are_one_row() -> None:
    found = read("WBC\n12.3\n10^9/L\n3.5-9.5\nHb\n130\ng/L")
    assert (found["wbc"].flag, found["haemoglobin"].canonical) == ("high", 130)


def test_the_reports_own_range_beats_the_built_in_one() -> None:
    assert read("ALT 45 U/L (0-60)")["alt"].flag == "normal"
    assert read("ALT 45 U/L")["alt"].flag == "high"


@pytest.mark.parametrize(
    ("text", "flag"), [("肌酐 88", "unknown"), ("肌酐 88（57-97）", "normal"), ("肌酐 188（57-97）", "high"), ("肌酐 188 ↑", "high")]
)
def test_a_missing_unit_is_never_guessed(text: str, flag: str) -> None:
    result = read(text)["creatinine"]
    assert result.flag == flag
    assert result.unit_origin == "missing"
    assert result.canonical is None
    assert result.problem is not None


@pytest.mark.parametrize("text", ["血钾 78 mmol/L", "Hb 980 g/L", "嗜酸性粒细胞 140%", "WBC 9999 ×10^9/L"])
def test_an_impossible_value_is_named_and_not_used(text: str) -> None:
    (result,) = parse_labs(text, "male", 50, TABLE)
    assert result.problem is not None
    assert (result.flag, result.canonical, result.findings, result.excluded) == ("unknown", None, [], [])


def test_a_detection_limit_flags_only_what_it_proves() -> None:
    assert read("CRP <0.5 mg/L")["crp"].flag == "normal"
    assert read("IgE >1000 IU/mL")["total-ige"].flag == "high"
    assert read("IgE >50 IU/mL")["total-ige"].flag == "unknown"
    assert read("铁蛋白 >2000 ng/mL")["ferritin"].findings == ["ferritin-very-high"]


def test_critical_values_are_told() -> None:
    assert read("血钾 7.1 mmol/L")["potassium"].flag == "critical-high"
    assert read("PLT 12×10^9/L")["platelets"].flag == "critical-low"


def test_children_have_their_own_limits() -> None:
    assert read("WBC 13.0×10^9/L", age=1.5)["wbc"].flag == "normal"
    assert read("WBC 13.0×10^9/L", age=40)["wbc"].flag == "high"
    assert read("WBC 13.0×10^9/L", age=0.01)["wbc"].flag == "unknown"


def test_where_the_sexes_differ_an_unknown_sex_leaves_the_flag_open() -> None:
    assert read("Hb 120 g/L", sex="unknown")["haemoglobin"].flag == "unknown"
    assert read("Hb 90 g/L", sex="unknown")["haemoglobin"].flag == "low"


def test_an_unknown_age_is_read_as_adult_and_says_so() -> None:
    result = read("WBC 13.0×10^9/L", age=None)["wbc"]
    assert result.flag == "high"
    assert result.problem is not None


def test_an_arrow_against_the_printed_range_is_pointed_out() -> None:
    result = read("ALT 30 U/L (0-40) ↑")["alt"]
    assert result.flag == "normal"
    assert result.problem is not None


def test_counts_follow_from_percentages() -> None:
    found = read("WBC 10.0×10^9/L，嗜酸性粒细胞百分比 20%")
    assert found["eosinophils"].canonical == 2.0
    assert found["eosinophils"].derived_from == ["wbc", "eosinophils-percent"]
    assert found["eosinophils-percent"].findings == []
    assert found["eosinophils"].findings == ["peripheral-eosinophilia"]


@pytest.mark.parametrize(
    ("umol", "sex", "age", "rate"), [(88.4, "male", 50, 92), (88.4, "female", 50, 69), (159.12, "female", 40, 36), (53, "male", 30, 133)]
)
def test_the_filtration_rate_agrees_with_hand_calculation(umol: float, sex: Sex, age: float, rate: float) -> None:
    assert egfr_ckd_epi_2021(umol, sex, age) == pytest.approx(rate, abs=1)


def test_a_reported_filtration_rate_is_not_computed_again() -> None:
    assert [r.value for r in parse_labs("肌酐 88μmol/L eGFR 70 mL/min/1.73m²", "male", 60, TABLE) if r.analyte == "egfr"] == [70]


@given(
    st.floats(min_value=20, max_value=4000),
    st.floats(min_value=20, max_value=4000),
    st.sampled_from(["female", "male"]),
    st.integers(18, 100),
)
def test_more_creatinine_never_means_more_filtration(a: float, b: float, sex: Sex, age: float) -> None:
    low, high = sorted((a, b))
    more, less = egfr_ckd_epi_2021(low, sex, age), egfr_ckd_epi_2021(high, sex, age)
    assert more is not None
    assert less is not None
    assert more >= less


QUANTITIES = [a for a in LABS if a.kind == "quantity" and a.references and a.plausible and a.bare_unit != "ratio"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(QUANTITIES), st.data(), st.sampled_from(["female", "male"]), st.sampled_from([3.0, 15.0, 40.0, 75.0]))
def test_flags_rise_with_the_value(analyte: LabAnalyte, data: st.DataObject, sex: Sex, age: float) -> None:
    assert analyte.plausible is not None
    low, high = analyte.plausible
    values = sorted(round(data.draw(st.floats(min_value=low, max_value=min(high, 1e6))), 4) for _ in range(3))
    flags = [read(f"{analyte.names.zh} {v:.4f} {analyte.unit}", sex, age).get(analyte.id) for v in values]
    ranks = [ORDER[r.flag] for r in flags if r and r.flag in ORDER]
    assert ranks == sorted(ranks)


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 50), st.floats(50, 100), st.sampled_from(["", "<", ">"]))
def test_comparing_is_monotone(a: float, b: float, low: float, high: float, sign: str) -> None:
    order = {"low": 0, "normal": 1, "high": 2}
    one, two = (order.get(compare(v, sign, low, high)) for v in sorted((a, b)))
    assert one is None or two is None or one <= two


PIECES = st.sampled_from(
    [
        "WBC",
        "白细胞",
        "N",
        "中性粒细胞",
        "ALT",
        "ANA",
        "RPR",
        "Hb",
        "creatinine",
        "IgE",
        "抗dsDNA",
        "HIV",
        "K",
        "PLT",
        "尿蛋白",
        "C3",
        "1:32",
        "12.3",
        "0.72",
        "85%",
        "<0.5",
        ">1000",
        "×10^9/L",
        "g/L",
        "mg/dL",
        "U/L",
        "mmol/L",
        "(+)",
        "(-)",
        "±",
        "↑",
        "H",
        "L",
        "阳性",
        "阴性",
        "升高",
        "（参考 3.5-9.5）",
        "3.5-9.5",
        "\n",
        "。",
        "，",
        "、",
        " ",
        "and",
        "均",
        "2024-01-02",
        "+",
        "-",
        "|",
        "(",
        ")",
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=120),
    st.sampled_from(["female", "male", "unknown"]),
    st.none() | st.floats(0, 110),
)
def test_reading_never_fails_and_spans_slice_back(text: str, sex: Sex, age: float | None) -> None:
    for result in parse_labs(text, sex, age, TABLE):
        if result.span is None:
            assert result.derived_from
        else:
            assert text[result.span.start : result.span.end] == result.span.text
            assert result.span.text
        assert not set(result.findings) & set(result.excluded)
        if result.flag == "unknown":
            assert not result.findings


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(LABS), st.sampled_from(["en", "zh"]), st.sampled_from(["", " ", ": ", "："]))
def test_every_name_of_an_analyte_is_found(analyte: LabAnalyte, language: str, gap: str) -> None:
    name = getattr(analyte.names, language)
    middle = sum(analyte.plausible or (0, 0)) / 2
    result = {"titre": "1:640", "qualitative": "阳性", "quantity": f"{middle:.1f} {analyte.unit}"}[analyte.kind]
    if name[-1].isdigit() and not gap.strip():
        gap = ": "
    assert analyte.id in read(f"{name}{gap}{result}", "male", 40)


def test_a_unit_right_behind_the_name_is_no_value() -> None:
    assert read("PLT*10^9/L 152")["platelets"].canonical == 152
    assert "platelets" not in read("PLT*10 152")

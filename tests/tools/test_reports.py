"""Reports: kind, conclusion, contradictions, what is left aside."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.finding import Status
from yingzhi.clinical.report import InterpretedReport, ReportKind
from yingzhi.tools.immunofluorescence import read_deposits
from yingzhi.tools.reports import detect_kind, find_reports, interpret_report

WORDS = {
    "histology-subepidermal-blister": ("histology", r"表皮下水疱|subepidermal blister"),
    "histology-intraepidermal-acantholysis": ("histology", r"棘层松解|acantholysis"),
    "dermoscopy-blue-white-veil": ("dermoscopy", r"蓝白幕|blue-white veil"),
    "tense-bulla": ("morphology", r"紧张性水疱"),
    "dif-linear-igg-c3-bmz": ("immunofluorescence", r"(?!)"),
}
DEPOSITS = ("dif-intercellular-igg", "dif-granular-iga-papillae", "dif-linear-iga-bmz", "dif-vessel-iga", "dif-lupus-band")
KINDS = {i: kind for i, (kind, _) in WORDS.items()} | dict.fromkeys(
    (*DEPOSITS, "salt-split-roof", "salt-split-floor"), "immunofluorescence"
)


@dataclass(frozen=True)
class Mention:
    id: str
    status: Status
    start: int
    end: int


def extract(text: str) -> Iterator[Mention]:
    """A matcher of five findings, in the shape of the real one."""
    for id_, (_, pattern) in WORDS.items():
        for m in re.finditer(pattern, text):
            before = text[max(0, m.start() - 3) : m.start()].lower()
            yield Mention(id_, "absent" if re.search(r"未见|无|no ", before) else "present", m.start(), m.end())


def interpret(text: str, kind: ReportKind | None = None, yields: Collection[str] = ()) -> InterpretedReport:
    return interpret_report(text, kind, extract, KINDS, yields)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("镜下所见：表皮角化过度，真皮浅层淋巴细胞浸润。病理诊断：扁平苔藓", "pathology"),
        ("IgG、C3沿基底膜带线状沉积", "immunofluorescence"),
        ("皮肤镜检查：蓝白幕", "dermoscopy"),
        ("细菌培养：金黄色葡萄球菌，药敏见附件", "microbiology"),
        ("胸部CT：双肺间质改变", "imaging"),
        ("WBC 12.3×10^9/L，ALT 30 U/L", "laboratory"),
        ("Sections show a subepidermal blister with a dermal infiltrate of eosinophils.", "pathology"),
        ("天气很好", "other"),
    ],
)
def test_the_kind_of_a_report_is_seen(text: str, kind: str) -> None:
    assert detect_kind(text) == kind


def test_a_pathology_report_gives_specimen_conclusion_and_certainty() -> None:
    text = "送检标本：左前臂皮肤。临床诊断：天疱疮？\n镜下所见：表皮下水疱，未见棘层松解。\n病理诊断：符合大疱性类天疱疮。"
    report = interpret(text)
    assert report.kind == "pathology"
    assert report.specimen is not None
    assert report.specimen.text == "左前臂皮肤"
    assert report.conclusion is not None
    assert report.conclusion.text == "符合大疱性类天疱疮"
    assert report.certainty == "compatible"
    assert {f.id: f.status for f in report.findings} == {
        "histology-subepidermal-blister": "present",
        "histology-intraepidermal-acantholysis": "absent",
    }


@pytest.mark.parametrize(
    ("line", "certainty"),
    [
        ("病理诊断：基底细胞癌。", "definite"),
        ("病理诊断：考虑蕈样肉芽肿，不除外湿疹。", "suspected"),
        ("Diagnosis: consistent with lupus.", "compatible"),
        ("结论：未见恶性证据。", "excluded"),
    ],
)
def test_the_certainty_is_that_of_the_words(line: str, certainty: str) -> None:
    assert interpret(line, "pathology").certainty == certainty


def test_what_the_requesting_doctor_wrote_is_no_result() -> None:
    report = interpret("临床资料：紧张性水疱，棘层松解？\n镜下所见：表皮下水疱。", "pathology")
    assert [f.id for f in report.findings] == ["histology-subepidermal-blister"]
    assert {f.why for f in report.ignored} == {"clinical-information"}


def test_findings_of_another_kind_are_left_aside() -> None:
    report = interpret("皮肤镜：蓝白幕。周围见紧张性水疱。", "dermoscopy")
    assert [f.id for f in report.findings] == ["dermoscopy-blue-white-veil"]
    assert [(f.id, f.why) for f in report.ignored] == [("tense-bulla", "other-kind")]


def test_a_contradiction_is_named_and_the_conclusion_decides() -> None:
    open_one = interpret("镜下：表皮下水疱。另一切片未见表皮下水疱。", "pathology")
    assert [c.settled for c in open_one.contradictions] == ["uncertain"]
    decided = interpret("镜下：未见表皮下水疱。\n病理诊断：表皮下水疱，类天疱疮。", "pathology")
    assert [c.settled for c in decided.contradictions] == ["present"]
    assert [f.status for f in decided.findings] == ["present"]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("IgG、C3沿基底膜带线状沉积，IgA(-)、IgM(-)", {"dif-linear-igg-c3-bmz": "present"}),
        ("Linear IgA deposition along the BMZ; IgG negative", {"dif-linear-iga-bmz": "present"}),
        ("表皮棘细胞间IgG网状沉积", {"dif-intercellular-igg": "present"}),
        ("granular IgA deposits in the dermal papillae", {"dif-granular-iga-papillae": "present"}),
        ("真皮血管壁IgA、C3颗粒状沉积", {"dif-vessel-iga": "present"}),
        ("基底膜带IgM颗粒状沉积", {"dif-lupus-band": "present"}),
        ("基底膜带未见IgG、C3线状沉积", {"dif-linear-igg-c3-bmz": "absent"}),
        ("盐裂试验：IgG沉积于表皮侧", {"salt-split-roof": "present"}),
        ("Salt-split skin: IgG on the dermal side", {"salt-split-floor": "present"}),
        ("IgG、IgA、IgM、C3均阴性", {}),
    ],
)
def test_immunofluorescence_is_read_by_its_grammar(text: str, findings: dict[str, str]) -> None:
    assert {d.id: d.status for d in read_deposits(text)} == findings


def test_a_wholly_negative_test_excludes_what_it_can_show() -> None:
    report = interpret("直接免疫荧光：IgG、IgA、IgM、C3均阴性。", yields=["dif-linear-igg-c3-bmz", "dif-intercellular-igg"])
    assert report.outcome == "negative"
    assert report.excluded == ["dif-intercellular-igg", "dif-linear-igg-c3-bmz"]


def test_a_formalin_specimen_excludes_nothing() -> None:
    report = interpret("直接免疫荧光阴性。标本：甲醛固定。", yields=["dif-intercellular-igg"])
    assert (report.adequacy, report.excluded) == ("inadequate", [])


def test_reports_within_a_note_are_found() -> None:
    note = (
        "现病史：躯干水疱2月。外院病理示：表皮下水疱。直接免疫荧光：IgG线状沉积。\n查体：紧张性水疱。\n"
        "辅助检查：血常规 白细胞 11.2×10^9/L。\n\n诊断：类天疱疮"
    )
    assert [s.kind for s in find_reports(note)] == ["pathology", "immunofluorescence", "laboratory"]
    english = "A man with blisters. A skin biopsy of the forearm revealed a subepidermal blister. DIF showed linear IgG."
    assert [s.kind for s in find_reports(english)] == ["pathology", "immunofluorescence"]


def test_a_note_without_reports_has_none() -> None:
    assert find_reports("主诉：面部红斑1年。查体：面颊红斑。") == []


PIECES = st.sampled_from(
    [
        "病理示：",
        "临床诊断：",
        "病理诊断：",
        "直接免疫荧光：",
        "DIF showed ",
        "皮肤镜：",
        "表皮下水疱",
        "未见棘层松解",
        "IgG",
        "C3",
        "线状",
        "基底膜带",
        "(-)",
        "阴性",
        "。",
        "\n",
        "\n\n",
        "，",
        " ",
        "标本：",
        "Diagnosis: ",
        ".",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=20).map("".join) | st.text(max_size=80))
def test_reading_never_fails_and_spans_slice_back(text: str) -> None:
    report = interpret(text)
    named = [span for span in (report.conclusion, report.specimen) if span]
    for span in [report.span, *named, *(f.span for f in report.findings + report.ignored)]:
        assert text[span.start : span.end] == span.text
    sections = find_reports(text)
    assert all(0 <= s.start < s.end <= len(text) for s in sections)
    assert all(a.end <= b.start for a, b in pairwise(sections))

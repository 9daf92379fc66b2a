from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Run

NOTE = "患者女，68岁。右侧胸背部针刺样疼痛5天，成簇水疱3天，沿肋间呈带状分布，单侧。"


@pytest.mark.parametrize("name", ["zoster.zh.txt", "sjs.en.txt", "dermatomyositis.case.json"])
def test_an_example_reads_as_a_doctor_would_want_it(yingzhi: Run, examples: Path, name: str) -> None:
    ended = yingzhi("consult", str(examples / name))
    assert ended.code == 0, ended.err
    headings = ["初步临床印象", "鉴别诊断", "鉴别诊断矩阵", "决策路径", "检查路径", "安全用药", "分级诊疗", "文书草稿", "依据"]
    if ".en." in name:
        headings = [
            "Impression",
            "Differential",
            "Matrix",
            "Decision path",
            "Workup ladder",
            "Drug safety",
            "Level of care",
            "Drafts",
            "Sources",
        ]
    places = [ended.out.find(h) for h in headings]
    assert -1 not in places
    assert places == sorted(places)


def test_the_language_can_be_chosen(yingzhi: Run, examples: Path) -> None:
    ended = yingzhi("consult", str(examples / "zoster.zh.txt"), "--lang", "en")
    assert "Herpes zoster" in ended.out
    assert "Drafted with the help of artificial intelligence" in ended.out


def test_a_gb18030_note_is_read(yingzhi: Run, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(NOTE.encode("gb18030"))
    ended = yingzhi("consult", str(path), "--format", "json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["differential"][0]["id"] == "herpes-zoster"


def test_an_answer_changes_the_differential(yingzhi: Run, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("An 80-year-old man with blisters on the trunk.", encoding="utf-8")
    plain = json.loads(yingzhi("consult", str(path), "-f", "json").out)
    told = json.loads(yingzhi("consult", str(path), "-f", "json", "-a", "tense-bulla=present", "-a", "itch-precedes-blisters=present").out)

    def chance(result: dict[str, list[dict[str, object]]]) -> object:
        return next((d["probability"] for d in result["differential"] if d["id"] == "bullous-pemphigoid"), 0.0)

    assert chance(told) > chance(plain)  # type: ignore[operator]


def test_a_word_file_carries_the_label_in_text_and_metadata(yingzhi: Run, examples: Path, tmp_path: Path) -> None:
    out = tmp_path / "record.docx"
    assert yingzhi("consult", str(examples / "zoster.zh.txt"), "--format", "docx", "--out", str(out)).code == 0
    with zipfile.ZipFile(out) as archive:
        assert "人工智能" in archive.read("word/header1.xml").decode()
        assert "人工智能" in archive.read("docProps/core.xml").decode()
        assert "AIGC" in archive.read("docProps/custom.xml").decode()
        assert "带状疱疹" in archive.read("word/document.xml").decode()


def test_a_fhir_document_validates_and_says_that_ai_asserted_it(yingzhi: Run, examples: Path) -> None:
    from fhir.resources.R4B.bundle import Bundle

    ended = yingzhi("consult", str(examples / "syphilis.bundle.json"), "--format", "fhir")
    assert ended.code == 0, ended.err
    bundle = json.loads(ended.out)
    Bundle.model_validate(bundle)
    assert bundle["type"] == "document"
    assert bundle["entry"][0]["resource"]["resourceType"] == "Composition"
    assert bundle["entry"][0]["resource"]["status"] == "preliminary"
    assert bundle["meta"]["security"][0]["code"] == "AIAST"


BAD: list[tuple[str, bytes, str]] = [
    ("empty.txt", b"", "empty"),
    ("blank.txt", b"  \n ", "empty"),
    ("binary.txt", bytes(range(256)) * 20, "not text"),
    ("huge.txt", b"a rash. " * 700_000, "larger than"),
    ("noise.txt", b"\xff\x81\x8d\xfd\xfc" * 40, "not text"),
    ("broken.json", b'{"text": "Zhang San, rash", ', "line 1"),
    ("field.json", b'{"text": "rash", "pateint": {}}', "pateint"),
    ("age.json", b'{"text": "rash", "patient": {"age": "old"}}', "patient.age"),
    ("hpo.json", b'{"phenotypes": {"present": ["HP:9999999"]}}', "phenotypes.present.0"),
    ("both.json", b'{"phenotypes": {"present": ["HP:0000989"], "absent": ["HP:0000989"]}}', "both present and absent"),
    ("sex.json", b'{"text": "rash", "patient": {"sex": "male", "pregnant": true}}', "patient.pregnant"),
    ("contradiction.json", '{"text": "男，45岁，红斑", "patient": {"age": 5}}'.encode(), "patient.age"),
    (
        "bundle.json",
        b'{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Patient", "gender": 7}}]}',
        "entry.0",
    ),
    ("patient.json", b'{"resourceType": "Patient"}', "resourceType"),
    ("phenopacket.json", b'{"phenotypicFeatures": [{"excluded": false}]}', "phenotypicFeatures.0.type"),
]


@pytest.mark.parametrize(("name", "content", "word"), BAD, ids=[b[0] for b in BAD])
def test_bad_input_ends_in_one_plain_sentence(yingzhi: Run, tmp_path: Path, name: str, content: bytes, word: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    out = tmp_path / "out.txt"
    ended = yingzhi("consult", str(path), "--out", str(out))
    assert ended.code == 2
    assert ended.err.startswith("yingzhi: ")
    assert len(ended.err.strip().splitlines()) == 1
    assert word in ended.err
    assert "Traceback" not in ended.err
    assert "Zhang San" not in ended.err
    assert ended.out == ""
    assert not out.exists()


def test_a_missing_file_is_named(yingzhi: Run, tmp_path: Path) -> None:
    ended = yingzhi("consult", str(tmp_path / "nowhere.txt"))
    assert ended.code == 2
    assert "nowhere.txt" in ended.err


@pytest.mark.parametrize(("note", "words"), [
    (
        "A 72-year-old man with psoriasis takes warfarin 3 mg daily, fluconazole 150 mg daily and methotrexate 10 mg daily.",
        ("[contraindicated] Methotrexate: every day", "prescriber: settle first", "sets in within a day", "[major]"),
    ),
    (
        "男，72岁，银屑病，服华法林3mg qd、氟康唑150mg qd、甲氨蝶呤10mg 每日一次。",
        ("[禁忌] 甲氨蝶呤：每日1次", "医师：须先处理", "起效快（1天内）", "[严重]"),
    ),
])  # fmt: skip
def test_drug_problems_stand_once_with_how_bad_for_whom_and_how_fast(
    yingzhi: Run, tmp_path: Path, note: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "note.txt"
    path.write_text(note, encoding="utf-8")
    told = yingzhi("consult", str(path))
    assert told.code == 0, told.err
    for one in words:
        assert one in told.out
    assert told.out.count(words[0]) == 1


def test_an_acknowledged_problem_is_shown_as_such(yingzhi: Run, tmp_path: Path) -> None:
    case = {"text": "A 72-year-old man with psoriasis takes warfarin 3 mg daily and fluconazole 150 mg daily."}
    path = tmp_path / "one.case.json"
    path.write_text(json.dumps(case), encoding="utf-8")
    first = json.loads(yingzhi("consult", str(path), "-f", "json").out)
    problem = next(p["problem"] for p in first["medication"]["problems"] if p["presence"]["prescriber"] == "interrupt")
    seen = {"problem": problem["id"], "fingerprint": problem["fingerprint"], "reason": "monitoring-in-place"}
    path.write_text(json.dumps({**case, "acknowledged": [seen]}), encoding="utf-8")
    told = yingzhi("consult", str(path)).out
    assert "acknowledged: Monitoring is in place" in told
    assert problem["title"]["en"] in told

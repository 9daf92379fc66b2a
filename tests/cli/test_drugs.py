"""`yingzhi drugs`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from yingzhi.cli.drug_render import cite
from yingzhi.cli.drugs import app
from yingzhi.knowledge.models import Source

RUN = CliRunner()


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has a home of its own."""
    monkeypatch.setenv("YINGZHI_HOME", str(tmp_path / "yingzhi"))


def test_check_speaks_the_language_of_the_names() -> None:
    assert "禁忌" in RUN.invoke(app, ["check", "甲氨蝶呤", "复方新诺明"]).stdout
    assert "CONTRAINDICATED" in RUN.invoke(app, ["check", "methotrexate", "bactrim"]).stdout


def test_check_says_outright_which_name_it_does_not_know() -> None:
    out = RUN.invoke(app, ["check", "methotrexat", "--lang", "en"]).stdout
    assert "nothing about it was checked" in out
    assert "No drug was recognised: nothing was checked" in out
    assert "Nothing to act on" not in out
    assert "Methotrexate" in out


def test_check_names_why_what_to_do_and_the_source() -> None:
    out = RUN.invoke(app, ["check", "clarithromycin", "simvastatin"]).stdout
    assert "Why" in out
    assert "Do not combine" in out
    assert "FDA's Examples of Drugs" in out
    assert "Instead" in out
    zh = RUN.invoke(app, ["check", "克拉霉素", "辛伐他汀"]).stdout
    assert "禁止合用" in zh
    assert "来源" in zh


def test_check_reads_doses_behind_names_and_says_how() -> None:
    out = RUN.invoke(app, ["check", "甲氨蝶呤 10mg qd"]).stdout
    assert "禁忌" in out
    assert "每日10 mg" in out
    assert "禁忌" not in RUN.invoke(app, ["check", "甲氨蝶呤 10mg 每周一次"]).stdout


def test_no_line_is_wider_than_the_page() -> None:
    from rich.cells import cell_len

    out = RUN.invoke(app, ["check", "甲氨蝶呤", "复方新诺明", "布洛芬", "环孢素", "伊曲康唑", "辛伐他汀"]).stdout
    assert max(map(cell_len, out.splitlines())) <= 102


def test_the_whole_review_comes_as_json_with_its_board() -> None:
    out = json.loads(RUN.invoke(app, ["check", "warfarin", "aspirin", "--json", "--role", "nurse"]).stdout)
    assert out["board"]["role"] == "nurse"
    assert {p["id"] for p in out["problems"]} == {s["problem"]["id"] for s in out["board"]["shown"]}


def test_an_acknowledged_problem_is_quiet_in_the_next_check(tmp_path: Path) -> None:
    first = json.loads(RUN.invoke(app, ["check", "warfarin", "aspirin", "--json"]).stdout)
    problem = first["problems"][0]
    seen = {"problem": problem["id"], "fingerprint": problem["fingerprint"], "reason": "monitoring-in-place"}
    file = tmp_path / "seen.jsonl"
    file.write_text(json.dumps(seen) + "\n", encoding="utf-8")
    again = json.loads(RUN.invoke(app, ["check", "warfarin", "aspirin", "--json", "--acknowledged", str(file)]).stdout)
    assert again["board"]["shown"][0]["acknowledged"] == "monitoring-in-place"
    assert "Monitoring is in place" in RUN.invoke(app, ["check", "warfarin", "aspirin", "--acknowledged", str(file)]).stdout
    file.write_text('{"problem": "x", "fingerprint": "y", "reason": "because"}\n', encoding="utf-8")
    bad = RUN.invoke(app, ["check", "warfarin", "--acknowledged", str(file)])
    assert (bad.exit_code, "line 1: reason" in bad.stderr) == (2, True)


def test_name_says_how_a_name_was_recognised() -> None:
    out = RUN.invoke(app, ["name", "jiaandieling", "AZT", "methotrexat", "--lang", "en"]).stdout.splitlines()
    assert out[0] == "jiaandieling = Methotrexate [methotrexate] (pinyin)"
    assert out[1].startswith("AZT ? ambiguous")
    assert out[2].startswith("methotrexat ? misspelt: Methotrexate")


def test_a_timeline_is_drawn_in_both_languages(tmp_path: Path) -> None:
    case = {
        "eruption": "sjs-ten",
        "onset_days_ago": 2,
        "exposures": [
            {"medication": {"name": "卡马西平", "started_days_ago": 18}},
            {"medication": {"name": "布洛芬", "started_days_ago": 1}},
        ],
    }
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case), encoding="utf-8")
    zh, en = (RUN.invoke(app, ["timeline", str(file), "--lang", lang]).stdout for lang in ("zh", "en"))
    assert "█" in zh
    assert "极可能" in zh
    assert "very probable cause" in en
    file.write_text(json.dumps({**case, "eruption": "rash"}), encoding="utf-8")
    bad = RUN.invoke(app, ["timeline", str(file)])
    assert (bad.exit_code, "eruption: a kind of eruption is expected" in bad.stderr) == (2, True)


def test_an_overlay_is_imported_shown_and_removed(tmp_path: Path) -> None:
    table, mapping = tmp_path / "t.csv", tmp_path / "m.yaml"
    table.write_text("a,b,level\nCetirizine,Amlodipine,Major\nAspirin,Nodrug,Major\n", encoding="utf-8")
    text = "name: house\ntitle: House table\nbody: Pharmacy\nyear: 2025\n"
    text += "columns: {drug_a: a, drug_b: b, level: level}\nlevels: {Major: major}\n"
    mapping.write_text(text, encoding="utf-8")
    home = ["--home", str(tmp_path / "home")]
    done = RUN.invoke(app, ["overlay", "import", str(table), "--mapping", str(mapping), *home])
    assert done.exit_code == 0, done.stderr
    assert "1 pairs taken over" in done.stdout
    assert "? Nodrug" in done.stdout
    assert "MAJOR" in RUN.invoke(app, ["check", "cetirizine", "amlodipine", *home]).stdout
    assert "table major" in RUN.invoke(app, ["overlay", "diff", "house", *home]).stdout
    assert "House table" in RUN.invoke(app, ["overlay", "list", *home]).stdout
    assert RUN.invoke(app, ["overlay", "remove", "house", *home]).exit_code == 0
    assert "MAJOR" not in RUN.invoke(app, ["check", "cetirizine", "amlodipine", *home]).stdout
    table.write_text("a,b,level\nCetirizine,Amlodipine,Deadly\n", encoding="utf-8")
    bad = RUN.invoke(app, ["overlay", "import", str(table), "--mapping", str(mapping), *home])
    assert bad.exit_code == 2
    assert "t.csv line 2: level 'Deadly'" in bad.stderr
    assert RUN.invoke(app, ["overlay", "list", *home]).stdout.strip() == "none"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"weight_kg": 60, "weight_kg": 80}', "weight_kg is given twice"),
        ('{"age": -3}', "age"),
        ('{"labs": [{"name": "ALT"}]}', "labs.0.value"),
        ('{"weihgt": 3}', "weihgt"),
        ("[", "not JSON"),
    ],
)
def test_a_patient_that_can_t_be_is_refused_with_its_field(tmp_path: Path, text: str, words: str) -> None:
    patient = tmp_path / "p.json"
    patient.write_text(text, encoding="utf-8")
    done = RUN.invoke(app, ["check", "aspirin", "--patient", str(patient)])
    assert done.exit_code == 2
    assert words in done.stderr


def test_pairs_keeps_the_order_and_marks_the_unknown(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows = [{"drug_a": "warfarin", "drug_b": "fluconazole"}, {"drug_a": "warfarin", "drug_b": "wonderdrug"}]
    source.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    assert RUN.invoke(app, ["pairs", str(source), "--out", str(out)]).exit_code == 0
    got = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(g["known"], g["severity"]) for g in got] == [(True, "major"), (False, "unknown")]
    assert set(got[0]) == {"drug_a", "drug_b", "known", "severity", "mechanism", "management", "sources"}


def test_bad_input_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"drug_a": "warfarin", "drug_b": "aspirin"}\n{"drug_a": 3}\n', encoding="utf-8")
    done = RUN.invoke(app, ["pairs", str(source), "--out", str(out)])
    assert done.exit_code == 2
    assert "line 2: drug_a" in done.stderr
    assert not out.exists()
    patient = tmp_path / "p.json"
    patient.write_text('{"age": -3}', encoding="utf-8")
    done = RUN.invoke(app, ["check", "aspirin", "--patient", str(patient)])
    assert done.exit_code == 2
    assert "age" in done.stderr


@pytest.mark.parametrize(("year", "named"), [(2019, "Skin notes (A society 2019)"), (None, "Skin notes (A society)")])
def test_a_page_without_a_date_is_cited_without_one(year: int | None, named: str) -> None:
    assert cite(Source(id="skin-notes", body="A society", title="Skin notes", year=year, jurisdiction="UK", grade="review")) == named

"""`yingzhi drugs`."""

import json
from pathlib import Path

from typer.testing import CliRunner

from yingzhi.cli.drugs import app

RUN = CliRunner()


def test_check_speaks_the_language_of_the_names() -> None:
    assert "禁忌" in RUN.invoke(app, ["check", "甲氨蝶呤", "复方新诺明"]).stdout
    assert "CONTRAINDICATED" in RUN.invoke(app, ["check", "methotrexate", "bactrim"]).stdout


def test_check_says_outright_which_name_it_does_not_know() -> None:
    out = RUN.invoke(app, ["check", "methotrexat", "--lang", "en"]).stdout
    assert "nothing about them was checked" in out
    assert "Methotrexate" in out


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

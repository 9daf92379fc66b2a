from __future__ import annotations

import json

from tests.cli.conftest import Run


def test_the_knowledge_is_whole(yingzhi: Run) -> None:
    ended = yingzhi("knowledge", "check")
    assert ended.code == 0, ended.out[-3000:]
    assert ended.out.startswith("0 problems")


def test_stats_count_what_the_first_version_promises(yingzhi: Run) -> None:
    counts = json.loads(yingzhi("knowledge", "stats", "--json").out)
    assert counts["diseases"] >= 90
    assert counts["findings"] >= 500
    assert counts["investigations"] >= 70
    assert counts["drugs"] >= 150
    assert counts["surface_forms"]["en"] >= 2000
    assert counts["surface_forms"]["zh"] >= 2000


def test_export_gives_names_and_codes(yingzhi: Run) -> None:
    exported = json.loads(yingzhi("knowledge", "export").out)
    assert {"id", "en", "zh", "aliases", "icd10", "xrefs"} == exported["diseases"][0].keys()
    assert {"id", "en", "zh", "aliases", "atc"} == exported["drugs"][0].keys()


EMERGENCIES = {
    "sjs-ten",
    "dress",
    "agep",
    "necrotising-fasciitis",
    "pemphigus-vulgaris",
    "erythroderma",
    "generalised-pustular-psoriasis",
    "melanoma",
    "merkel-cell-carcinoma",
    "mycosis-fungoides",
    "leukocytoclastic-vasculitis",
    "meningococcaemia",
    "kawasaki-disease",
    "staphylococcal-scalded-skin-syndrome",
    "dermatomyositis",
    "systemic-lupus-erythematosus",
    "calciphylaxis",
    "leprosy",
    "secondary-syphilis",
}


def test_every_emergency_is_known_and_marked_as_not_to_be_missed(yingzhi: Run) -> None:
    from yingzhi.knowledge.load import load_knowledge

    diseases = load_knowledge().diseases
    assert EMERGENCIES - diseases.keys() == set()
    assert {d for d in EMERGENCIES - {"leukocytoclastic-vasculitis"} if not diseases[d].must_not_miss} == set()

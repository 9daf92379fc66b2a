"""The drug files as a whole."""

from pathlib import Path

import pytest

from yingzhi.knowledge.drug_load import load_drug_knowledge, read_drug_knowledge
from yingzhi.knowledge.load import HERE, read_yaml
from yingzhi.knowledge.pack_load import read_packs
from yingzhi.tools.formulary import build_formulary

KNOWLEDGE = read_drug_knowledge()


def ids(folder: str) -> set[str]:
    rows = (row for path in (HERE / folder).glob("*.yaml") for row in (read_yaml(path) or []))  # type: ignore[attr-defined]
    return {row["id"] for row in rows}


def test_the_formulary_holds_what_dermatology_and_its_patients_use() -> None:
    assert len(KNOWLEDGE.drugs) >= 650
    formulary = build_formulary(KNOWLEDGE)
    for drug in (
        "methotrexate",
        "clobetasol-propionate",
        "ivig",
        "hydroxychloroquine",
        "compound-glycyrrhizin",
        "total-glucosides-of-paeony",
    ):
        assert drug in formulary.drugs


def test_every_source_that_a_rule_names_is_there() -> None:
    known = ids("sources")
    holders = (*KNOWLEDGE.drugs, *KNOWLEDGE.classes)
    named = {s for d in KNOWLEDGE.drugs for s in d.sources}
    named |= {r.source for h in holders for r in h.rules}
    named |= {r.source for h in holders for r in (h.pregnancy, h.lactation, h.wash_out) if r}
    named |= {r.source for r in KNOWLEDGE.additive_rules} | {r.source for r in KNOWLEDGE.pair_rules}
    named |= {r.source for r in KNOWLEDGE.combined_rules} | {g.source for g in KNOWLEDGE.allergy_groups}
    named |= {t.source for t in KNOWLEDGE.kinetic_templates} | {r.source for r in KNOWLEDGE.trait_rules}
    named |= {r.source for r in KNOWLEDGE.dose_rules} | {s.source for s in KNOWLEDGE.lab_states} | {e.source for e in KNOWLEDGE.eruptions}
    named |= {a.source for a in KNOWLEDGE.ambiguous_names if a.source}
    assert named - known == set()


def test_every_condition_effect_group_and_test_that_is_named_is_there() -> None:
    holders = (*KNOWLEDGE.drugs, *KNOWLEDGE.classes)
    conditions = {c.id for c in KNOWLEDGE.conditions}
    assert {c for h in holders for r in h.rules for c in r.any_of} - conditions == set()
    assert {c for r in KNOWLEDGE.trait_rules for c in r.any_of} - conditions <= {"breast-feeding"}
    assert {c for r in KNOWLEDGE.dose_rules for c in r.any_of} - conditions == set()
    assert {s.condition for s in KNOWLEDGE.lab_states} - conditions == set()
    assert {c for one in KNOWLEDGE.conditions for c in one.implies} - conditions == set()
    assert {e for h in holders for e in h.effects} - {e.id for e in KNOWLEDGE.effects} == set()
    pathways = {p.id for p in KNOWLEDGE.pathways}
    assert {p for h in holders for p in (*h.substrate, *h.inhibits, *h.induces)} - pathways == set()
    groups = {g.id for g in KNOWLEDGE.allergy_groups}
    assert {g for h in holders for g in h.allergy_groups} | {c.group for g in KNOWLEDGE.allergy_groups for c in g.cross} <= groups
    tests = {t for c in KNOWLEDGE.conditions for t in c.tests}
    investigations = ids("investigations")
    if investigations:
        assert tests - investigations == set()


def test_every_analyte_and_disease_that_is_named_is_there() -> None:
    assert {s.analyte for s in KNOWLEDGE.lab_states} - ids("labs") == set()
    diseases = {path.stem for path in (HERE / "diseases").glob("*.yaml")}
    assert {e.disease for e in KNOWLEDGE.eruptions} - diseases == set()


def test_a_rule_that_is_never_reached_is_a_mistake() -> None:
    formulary = build_formulary(KNOWLEDGE)
    terms = {r.id: r.terms for r in KNOWLEDGE.trait_rules} | {r.id: r.terms for r in KNOWLEDGE.dose_rules}
    fits = {rule: any(any(map(p.fits, words)) for p in formulary.profiles.values()) for rule, words in terms.items()}
    assert [rule for rule, fitting in fits.items() if not fitting] == []
    reached = {n for masks in formulary.masks.values() for n in range(len(formulary.rules)) if masks.a >> n & 1}
    both = {n for masks in formulary.masks.values() for n in range(len(formulary.rules)) if masks.b >> n & 1}
    unreached = {formulary.rules[n].id for n in range(len(formulary.rules)) if n not in reached or n not in both}
    assert {r.id for r in KNOWLEDGE.pair_rules} & unreached == set()


def test_the_compiled_file_gives_the_same_knowledge_and_a_damaged_one_is_made_anew(tmp_path: Path) -> None:
    first = load_drug_knowledge(tmp_path)
    assert load_drug_knowledge(tmp_path) == first == KNOWLEDGE
    (compiled,) = tmp_path.glob("drugs-*.json")
    compiled.write_bytes(compiled.read_bytes()[:-50])
    assert load_drug_knowledge(tmp_path) == KNOWLEDGE


@pytest.mark.parametrize(
    "drug", ["methotrexate", "ciclosporin", "azathioprine", "isotretinoin", "acitretin", "dapsone", "adalimumab", "upadacitinib"]
)
def test_the_important_systemic_drugs_have_a_pack_with_a_baseline_and_stop_rules(drug: str) -> None:
    (pack,) = (p for p in read_packs() if drug in p.drugs)
    assert any(s.need == "must" for s in pack.screen)
    assert pack.watch
    assert pack.stop


@pytest.mark.parametrize(("file", "head"), [("pharmacology.md", "usual, days"), ("pharmacology.zh.md", "常见，首剂后天数")])
def test_the_page_shows_the_latency_windows_as_they_are(file: str, head: str) -> None:
    lines = (Path(__file__).parents[2] / "docs" / file).read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if head in line) + 2
    shown = [[cell.strip() for cell in line.split("|")[2:5]] for line in lines[start : start + len(KNOWLEDGE.eruptions)]]
    assert shown == [[f"{low:g}–{high:g}" for low, high in (e.typical, e.possible, e.again)] for e in KNOWLEDGE.eruptions]

"""`yingzhi knowledge`: check, stats, export, and a site profile to start from."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from yingzhi.knowledge.models import Bilingual

app = typer.Typer(no_args_is_help=True)


@app.command()
def check(quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the number of problems.")] = False) -> None:
    """Prove the knowledge whole: every reference resolves, nothing is unused, no name stands for two things. Exit 1 if not."""
    from yingzhi.knowledge.check import check_knowledge
    from yingzhi.knowledge.load import load_knowledge

    knowledge = load_knowledge()
    problems = check_knowledge(knowledge)
    if not quiet:
        for problem in problems:
            sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"{len(problems)} problems; knowledge {knowledge.hash}\n")
    raise typer.Exit(1 if problems else 0)


@app.command()
def stats(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Count what there is."""
    from yingzhi.knowledge.load import load_knowledge

    k = load_knowledge()
    forms = Counter()  # type: ignore[var-annotated]
    for term in k.findings.values():
        forms["en"] += 1 + len(term.forms.en) + len(term.absent_forms.en)
        forms["zh"] += 1 + len(term.forms.zh) + len(term.absent_forms.zh)
    cited = [s for s in k.sources.values() if s.pmid or s.doi or s.url]
    counts: dict[str, Any] = {
        "hash": k.hash,
        "diseases": len(k.diseases),
        "must_not_miss": sum(d.must_not_miss for d in k.diseases.values()),
        "disease_groups": dict(Counter(d.group for d in k.diseases.values()).most_common()),
        "disease_findings": sum(len(d.findings) for d in k.diseases.values()),
        "findings": len(k.findings),
        "findings_by_kind": dict(Counter(t.kind for t in k.findings.values()).most_common()),
        "surface_forms": dict(forms),
        "investigations": len(k.investigations),
        "analytes": len(k.analytes),
        "drugs": len(k.drugs.drugs),
        "red_flag_rules": len(k.red_flags),
        "systemic_links": sum(len(d.systemic_links) for d in k.diseases.values()),
        "systemic_rules": len(k.systemic),
        "systemic_rules_by_system": dict(Counter(r.system for r in k.systemic.values()).most_common()),
        "test_risk_rules": len(k.test_risks),
        "guidance_conflicts": len(k.conflicts),
        "equipment": len(k.equipment),
        "site_profiles": len(k.sites),
        "sources": len(k.sources),
        "sources_with_identifier": len(cited),
    }
    if as_json:
        sys.stdout.write(json.dumps(counts, ensure_ascii=False, indent=2) + "\n")
        return
    for name, value in counts.items():
        shown = ", ".join(f"{a} {b}" for a, b in value.items()) if isinstance(value, dict) else value
        sys.stdout.write(f"{name.replace('_', ' '):<24} {shown}\n")


@app.command()
def export() -> None:
    """Names and codes of all diseases and drugs as JSON on standard output."""
    from yingzhi.knowledge.load import load_knowledge

    k = load_knowledge()
    diseases = [
        {
            "id": d.id,
            "en": d.names.en,
            "zh": d.names.zh,
            "aliases": [*d.aliases.en, *d.aliases.zh],
            "icd10": d.icd10,
            "xrefs": list(d.xrefs),
        }
        for d in k.diseases.values()
    ]
    drugs = [
        {"id": d.id, "en": d.names.en, "zh": d.names.zh, "aliases": [*d.aliases.en, *d.aliases.zh], "atc": d.atc} for d in k.drugs.drugs
    ]
    sys.stdout.write(json.dumps({"diseases": diseases, "drugs": drugs}, ensure_ascii=False) + "\n")


@app.command()
def site(kind: Annotated[Literal["village", "township", "county", "tertiary"], typer.Argument(help="The kind to start from.")]) -> None:
    """Print a site profile to start from: all equipment and specialists that are known, what the kind lacks as comments."""
    from yingzhi.knowledge.load import load_knowledge

    k = load_knowledge()
    usual = k.sites[kind]
    lines = [
        f"id: my-{kind}",
        f"names: {{en: {usual.names.en}, zh: {usual.names.zh}}}",
        f"kind: {kind}",
        f"level: {usual.level}",
        "equipment:",
        *_choice({e.id: e.names for e in k.equipment.values()}, usual.equipment),
        "tests: []  # done here whatever equipment is named",
        "not_tests: []  # not done here whatever equipment is named",
        "# drugs: [topical-corticosteroid]  # drugs or classes in stock; leave out if nobody keeps the list",
        "specialists:",
        *_choice({s.id: s.names for s in k.specialists.values()}, usual.specialists),
        f"transfers:{'' if usual.transfers else ' []'}  # the nearest first; add minutes: 45 and the place's own names",
        *(f"  - {{to: {t.to}}}" for t in usual.transfers),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _choice(names: Mapping[str, Bilingual], there: Collection[str]) -> list[str]:
    return [f"  {'-' if i in there else '# -'} {i}  # {name.zh}  {name.en}" for i, name in names.items()]

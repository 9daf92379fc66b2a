"""`yingzhi knowledge`: check, stats, export."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Annotated, Any

import typer

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

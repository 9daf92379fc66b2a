"""Consultations with a real model, held against the playbook alone: `make live CASES="a.jsonl b.jsonl"`, with YINGZHI_MODEL set.

Takes the first cases of each file (id, text, lang, and if known `diagnosis`); the examples without any. Fails if a consultation does not
come out whole, an alert of the playbook is missing, or the right diagnosis is found less often among the first five.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

from run import machine

from yingzhi.agents.models.probe import probe
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.errors import YingzhiError
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.resources import open_resources
from yingzhi.graphs.run import consult
from yingzhi.graphs.settings import Settings
from yingzhi.tools.intake import read_case

ROOT = Path(__file__).parent.parent


def cases_of(files: list[Path], each: int) -> list[tuple[Presentation, str]]:
    """The cases, each with its diagnosis where the file gives one."""
    if not files:
        return [(read_case(p.read_bytes(), p.stem), "") for p in sorted((ROOT / "examples").glob("*.txt"))]
    found = []
    for file in files:
        rows = [json.loads(row) for row in file.read_text(encoding="utf-8").splitlines() if row.strip()]
        found += [(Presentation(id=r["id"], text=r["text"], lang=r.get("lang", "en")), str(r.get("diagnosis", ""))) for r in rows[:each]]
    return found


def place(c: Consultation, wanted: str) -> int:
    """Rank of the right diagnosis among the first five, from 1; 0 if it is not there or not known."""
    low = wanted.casefold()
    for n, d in enumerate(c.differential[:5], 1):
        if low and low in {x.casefold() for x in (d.en, d.zh, *d.aliases)}:
            return n
    return 0


async def live(cases: list[tuple[Presentation, str]], resources: Resources) -> bool:
    """Run and print; whether all is well."""
    assert resources.models is not None
    await probe(resources.models)
    graph = build_graph()
    outcomes: Counter[str] = Counter()
    hits = {"playbook": 0, "model": 0}
    good = True
    for case, wanted in cases:
        plain = await consult(case, dataclasses.replace(resources, models=None), graph=graph)
        began = perf_counter()
        result = await consult(case, resources, graph=graph)
        whole = Consultation.model_validate_json(result.model_dump_json()) == result and result.status in {"complete", "degraded"}
        lost = {(a.id, a.level) for a in plain.alerts} - {(a.id, a.level) for a in result.alerts}
        before, after = place(plain, wanted), place(result, wanted)
        hits["playbook"] += before > 0
        hits["model"] += after > 0
        outcomes.update(f"{u.specialist} {u.outcome} {u.reason}".strip() for u in result.model_use)
        good = good and whole and not lost
        taken, dropped = sum(u.taken for u in result.model_use), Counter(d.why for u in result.model_use for d in u.dropped)
        failed = [f"{u.specialist}: {u.reason}" for u in result.model_use if u.outcome != "used"]
        print(
            f"{case.id[:24]:24} {result.status:9} {perf_counter() - began:6.0f} s  rank {before} -> {after}  taken {taken}  "
            f"dropped {dict(dropped)}  lost alerts {len(lost)}  failed {failed}",
            flush=True,
        )
    print("\n".join(f"  {n:3} {what}" for what, n in sorted(outcomes.items())))
    print(f"{len(cases)} cases; right diagnosis in the first five: playbook {hits['playbook']}, with the model {hits['model']}")
    await resources.models.aclose()
    return good and hits["model"] >= hits["playbook"]


def main() -> None:
    """Read the arguments, run, and say by the exit code whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--each", type=int, default=6, help="cases of each file")
    given = parser.parse_args()
    try:
        settings = Settings.from_environment(dict(os.environ))
        if settings.model is None:
            print("live checks skipped: YINGZHI_MODEL is not set")
            return
        print(f"{machine()}; model {settings.model.model}")
        sys.exit(0 if asyncio.run(live(cases_of(given.files, given.each), open_resources(settings))) else 1)
    except YingzhiError as error:
        sys.exit(f"yingzhi: {error}")


if __name__ == "__main__":
    main()

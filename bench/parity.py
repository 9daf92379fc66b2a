"""Chinese against English: `python bench/parity.py [--findings]`.

Every gold pair on the embedded engine: the share of pairs with the same leading diagnosis and the share with the same alerts, each with
its 95 % Wilson interval, then the pairs that differ. `--findings` adds what only one of the two read.
"""

from __future__ import annotations

import argparse
import asyncio

from yingzhi.evals.cases import LANGUAGES, load_cases
from yingzhi.evals.pairs import Pair, read_pairs
from yingzhi.evals.summary import wilson
from yingzhi.graphs.resources import open_resources


def show(pair: Pair, findings: bool) -> None:
    leading = "" if pair.same_leading else "  " + " / ".join(f"{lang} {pair.leading[lang]}" for lang in LANGUAGES)
    print(f"{pair.case}{leading}")
    for lang, other in (LANGUAGES, LANGUAGES[::-1]):
        if alone := sorted(pair.alerts[lang] - pair.alerts[other]):
            print(f"  {lang} only  {', '.join(alone)}")
        if findings:
            print(f"  {lang} read  {', '.join(' '.join(f) for f in sorted(pair.findings[lang] - pair.findings[other]))}")


def main() -> None:
    parser = argparse.ArgumentParser(description="How alike the Chinese and the English version of one case come out.")
    parser.add_argument("--findings", action="store_true", help="show what only one of the two languages read")
    asked = parser.parse_args()
    pairs = asyncio.run(read_pairs(load_cases(), open_resources()))
    for name, same in (("leading diagnosis", [p.same_leading for p in pairs]), ("alerts", [p.same_alerts for p in pairs])):
        low, high = wilson(sum(same), len(same))
        print(f"same {name:<18} {sum(same) / len(same):.3f}  ({low:.3f} to {high:.3f})  {sum(same)} of {len(same)} pairs")
    for pair in pairs:
        if not (pair.same_leading and pair.same_alerts):
            show(pair, asked.findings)


if __name__ == "__main__":
    main()

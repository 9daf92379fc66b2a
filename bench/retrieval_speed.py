"""Speed of retrieval without a dense model: ingest, open, query. `python bench/retrieval_speed.py [--chunks 20000]`.

The documents are made up from a fixed seed with word frequencies as in prose (Zipf), half English, half Chinese.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import accumulate
from pathlib import Path

from yingzhi.clinical.evidence import Passage
from yingzhi.tools.retrieval import build_index, open_retriever

WORD_PARTS = "der ma to sis pru ri kera lich en bul la scle ro pan ni cu li the vas oid"
SYLLABLES = tuple(WORD_PARTS.split())
CHARACTERS = "皮肤红斑丘疹水疱鳞屑瘙痒糜烂结节溃疡色素脱发指甲口腔黏膜光敏感染免疫荧光组织病理活检抗体激素治疗随访"
OPENED = """
import sys, time
from pathlib import Path
import qdrant_edge
from yingzhi.tools.retrieval import open_index
size = lambda: int(open("/proc/self/status").read().split("VmRSS:")[1].split()[0]) / 1024
before, start = size(), time.perf_counter()
index = open_index(Path(sys.argv[1]))
spent = time.perf_counter() - start
index.search("keratosis", collection="knowledge", tenant="a")
print(f"{spent * 1000:.1f} {size() - before:.0f}")
"""


def vocabulary(chance: random.Random, size: int) -> list[str]:
    """Made-up words: English ones of syllables, Chinese ones of two or three characters."""
    english = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(size)]
    chinese = ["".join(chance.choices(CHARACTERS, k=chance.randint(2, 3))) for _ in range(size)]
    return english + chinese


def documents(count: int, seed: int = 7) -> list[Passage]:
    """Documents of 40 words."""
    chance = random.Random(seed)
    words = vocabulary(chance, 20_000)
    half = len(words) // 2
    weights = list(accumulate(1 / rank for rank in range(1, half + 1)))
    made = []
    for place in range(count):
        language = words[:half] if place % 2 else words[half:]
        text = (" " if place % 2 else "").join(chance.choices(language, cum_weights=weights, k=40))
        made.append(Passage(id=str(place), text=text))
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=200)
    args = parser.parse_args()
    docs = documents(args.chunks)
    say = sys.stdout.write
    say(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; {len(docs)} documents\n")
    with tempfile.TemporaryDirectory() as home:
        retriever = open_retriever(Path(home))
        start = time.perf_counter()
        retriever.upsert(docs, collection="bench", tenant="a")
        say(f"ingest: {len(docs) / (time.perf_counter() - start):.0f} docs/s\n")
        start = time.perf_counter()
        retriever.upsert(docs, collection="bench", tenant="a")
        say(f"ingest of the same again: {len(docs) / (time.perf_counter() - start):.0f} docs/s\n")
        chance = random.Random(1)
        for expand in (True, False):
            spent = []
            for _ in range(args.queries):
                text = chance.choice(docs).text
                question = " ".join(chance.sample(text.split(), 8)) if " " in text else text[10:26]
                start = time.perf_counter()
                retriever.search(question, collection="bench", tenant="a", expand=expand)
                spent.append((time.perf_counter() - start) * 1000)
            p95 = statistics.quantiles(spent, n=20)[-1]
            how, median = "with" if expand else "without", statistics.median(spent)
            say(f"query, {how} feedback: n={len(spent)} median {median:.1f} ms, p95 {p95:.1f} ms\n")
        build_index(docs[:5000], Path(home) / "index")
        command = [sys.executable, "-c", OPENED, str(Path(home) / "index")]
        runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(5)]
        opened, memory = (statistics.median(float(run[place]) for run in runs) for place in (0, 1))
        say(f"built-in index of 5000: n=5 opens in median {opened:.1f} ms; {memory:.0f} MB after the first search\n")


if __name__ == "__main__":
    main()

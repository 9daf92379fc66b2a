"""A rare disease as a diagnosis: names, catalogues, what speaks for and against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2

import numpy as np

from yingzhi.clinical.differential import Cell, Diagnosis
from yingzhi.clinical.history import Phenotype
from yingzhi.clinical.words import Text
from yingzhi.knowledge.hpo import SOURCE
from yingzhi.tools.rare.arm import RareArm
from yingzhi.tools.rare.index import RareIndex
from yingzhi.tools.rare.join import RareCandidate
from yingzhi.tools.rare.likelihood import ABSENT_ASKED, CERTAIN, NEGLIGIBLE, NOISE, W_ABSENT, W_PRESENT, Terms
from yingzhi.tools.rare.names import chinese_name
from yingzhi.tools.rare.patient import MODES
from yingzhi.tools.rare.twins import series_name

NEUTRAL = 0.1
"""A weight (log2) smaller than this says nothing worth showing."""
HALLMARK = 0.5
NAMES = 12
"""How many names of a disease are given; a series may have forty forms."""
ASKED = 4
"""How many hallmarks that nobody asked about are shown."""
MODE_NAMES: Mapping[str, Text] = {
    "HP:0000006": Text(en="autosomal dominant", zh="常染色体显性遗传"),
    "HP:0000007": Text(en="autosomal recessive", zh="常染色体隐性遗传"),
    "HP:0001419": Text(en="X-linked recessive", zh="X连锁隐性遗传"),
    "HP:0001423": Text(en="X-linked dominant", zh="X连锁显性遗传"),
    "HP:0001417": Text(en="X-linked", zh="X连锁遗传"),
    "HP:0001450": Text(en="Y-linked", zh="Y连锁遗传"),
    "HP:0001427": Text(en="mitochondrial", zh="线粒体遗传"),
    "HP:0001442": Text(en="somatic mosaicism", zh="体细胞嵌合"),
    "HP:0001426": Text(en="multifactorial", zh="多因素"),
    "HP:0003745": Text(en="sporadic", zh="散发"),
}
ONSET_NAMES: tuple[Text, ...] = (
    Text(en="before birth", zh="出生前"),
    Text(en="at birth", zh="出生时"),
    Text(en="in the first month", zh="新生儿期"),
    Text(en="in the first year", zh="婴儿期"),
    Text(en="at 1 to 5 years", zh="1～5岁"),
    Text(en="at 5 to 15 years", zh="5～15岁"),
    Text(en="at 16 to 40 years", zh="16～40岁"),
    Text(en="at 40 to 60 years", zh="40～60岁"),
    Text(en="after 60 years", zh="60岁以后"),
    Text(en="in adulthood", zh="成年期"),
    Text(en="in childhood", zh="儿童期"),
)


def rare_id(index: RareIndex, disease: int) -> str:
    """The diagnosis id of a rare disease: its first catalogue id, `omim-256500`, whichever of its forms fits."""
    return index.id_list[index.rows_of(disease)[0]].lower().replace(":", "-")


def catalogue_ids(index: RareIndex, disease: int, row: int | None = None) -> list[str]:
    """`OMIM:…`, `ORPHA:…` of one disease; those of the form that a profile is of come first."""
    rows = index.rows_of(disease)
    first = [r for r in rows if row is not None and index.form[r] == index.form[row]]
    return [index.id_list[r] for r in [*first, *(r for r in rows if r not in first)]]


def rare_names(index: RareIndex, disease: int, row: int) -> list[str]:
    """The names of a disease: that of the series where it has several forms, then those of the form that fits best, then the rest."""
    rows = index.rows_of(disease)
    rows = sorted(rows, key=lambda r: (index.form[r] != index.form[row], r))
    omim = {index.form[r] for r in rows if index.id_list[r].startswith("OMIM")}
    names = [index.name_list[r] for r in rows]
    return list(dict.fromkeys([series_name(names[0]), *names] if len(omim) > 1 else names))[:NAMES]


def rare_diagnosis(arm: RareArm, candidate: RareCandidate, terms: Terms, phenotypes: Sequence[Phenotype]) -> Diagnosis:
    """The diagnosis with its matrix.

    Args:
        arm: The rare arm.
        candidate: The disease, its best profile and its probability.
        terms: What it was ranked by.
        phenotypes: The record as HPO terms, for names and places.
    """
    index = arm.index
    names = rare_names(index, candidate.disease, candidate.row)
    chinese = next((zh for n in names[:3] if (zh := chinese_name(n, arm.names)) != n), names[0])
    return Diagnosis(
        id=rare_id(index, candidate.disease),
        en=names[0],
        zh=chinese,
        aliases=names[1:],
        icd10="",
        xrefs=catalogue_ids(index, candidate.disease, candidate.row),
        probability=round(candidate.probability, 4),
        commonness="rare",
        must_not_miss=False,
        summary=summary(index, candidate.disease, candidate.row),
        cells=[*_cells(arm, candidate.row, terms, phenotypes), *_unasked(arm, candidate.row, terms)],
        sources=[SOURCE],
    )


def summary(index: RareIndex, disease: int, row: int) -> Text:
    """What the annotations say of the form that fits best: inheritance, genes, onset, how much is annotated."""
    form = int(index.form[row])
    rows = [r for r in index.rows_of(disease) if int(index.form[r]) == form]
    modes = [m for m, bit in MODES.items() if any(int(index.modes[r]) & (1 << bit) for r in rows)]
    onset = index.onset[rows].sum(axis=0)
    features = len(np.unique(np.concatenate([index.direct[index.direct_ptr[r] : index.direct_ptr[r + 1]] for r in rows])))
    genes = index.gene_list[form].split()[:6]
    en, zh = ["Rare disease"], ["罕见病"]
    forms = len({int(index.form[r]) for r in index.rows_of(disease)})
    if forms > 1:
        en.append(f"closest of its {forms} forms: {index.name_list[rows[0]]}")
        zh.append(f"{forms}个亚型中最相近者：{index.name_list[rows[0]]}")
    if modes:
        en.append(", ".join(MODE_NAMES[m].en for m in modes))
        zh.append("、".join(MODE_NAMES[m].zh for m in modes))
    if genes:
        en.append(f"gene{'s' if len(genes) > 1 else ''} {', '.join(genes)}")
        zh.append(f"致病基因{'、'.join(genes)}")
    if onset.any():
        usual = ONSET_NAMES[int(onset.argmax())]
        en.append(f"mostly begins {usual.en}")
        zh.append(f"多在{usual.zh}起病")
    en.append(f"{features} annotated features")
    zh.append(f"已注释{features}项表型")
    return Text(en="; ".join(en) + ".", zh="；".join(zh) + "。")


def _cells(arm: RareArm, row: int, terms: Terms, phenotypes: Sequence[Phenotype]) -> list[Cell]:
    index = arm.index
    by_term = {index.position(p.id): p for p in phenotypes}
    cells = []
    for status, listed in (("present", terms.present), ("absent", terms.absent)):
        for term in listed:
            p, weight = by_term.get(term), term_weight(index, row, term, status == "absent")
            if p is None or abs(weight) < NEUTRAL:
                continue
            share, basis = _share(index, row, term)
            cells.append(
                Cell(
                    finding=p.finding or p.id,
                    en=p.en,
                    zh=p.zh,
                    status=p.status,
                    effect="supports" if weight > 0 else "opposes",
                    weight=round(weight, 2),
                    share=share,
                    basis="reported" if basis else "estimate" if share is not None else None,
                    spans=p.spans,
                    source=SOURCE,
                )
            )
    return sorted(cells, key=lambda c: -abs(c.weight))


def _unasked(arm: RareArm, row: int, terms: Terms) -> list[Cell]:
    """Hallmarks of the profile that the record says nothing about, the most telling first."""
    index = arm.index
    known = {int(a) for t in terms.present for a in index.implied(t)} | {int(d) for t in terms.absent for d in index.implying(t)}
    part = slice(int(index.direct_ptr[row]), int(index.direct_ptr[row + 1]))
    open_ = [
        (ratio(share, float(index.background[term])), term, share)
        for term, share in zip(index.direct[part].tolist(), index.direct_share[part].tolist(), strict=True)
        if share >= HALLMARK and term not in known
    ]
    cells = []
    for weight, term, share in sorted(open_, key=lambda cell: -cell[0] * cell[2])[:ASKED]:
        en: str = index.term_name_list[term]
        cells.append(
            Cell(
                finding=arm.finding_at.get(term, index.term_id(term)),
                en=en,
                zh=arm.links.chinese.get(term, en),
                status="unknown",
                effect="not-asked",
                weight=round(weight, 2),
                share=round(share, 3),
                basis="reported" if _share(index, row, term)[1] else "estimate",
                source=SOURCE,
            )
        )
    return cells


def term_weight(index: RareIndex, row: int, term: int, absent: bool) -> float:
    """log2 of what a term multiplies the odds of a profile by, as the ranking counts it."""
    if absent:
        held = _held(index, row, term)
        return 0.0 if held is None else W_ABSENT * min(0.0, log2(ABSENT_ASKED * (1 - CERTAIN * held)))
    common = float(index.background[term])
    best = 0.0
    for general in index.implied(term):
        special = 1.0 if general == term else min(common / float(index.background[general]), 1.0) ** 2
        if (general == term or special >= NEGLIGIBLE * NOISE * common) and (held := _held(index, row, int(general))) is not None:
            best = max(best, held * special)
    return ratio(best, common)


def ratio(chance: float, common: float) -> float:
    """log2 of what a present term multiplies the odds by, from its chance in the disease and in all."""
    return W_PRESENT * log2((1 - NOISE) * chance / common + NOISE)


def _held(index: RareIndex, row: int, term: int) -> float | None:
    """Share of the term in a profile, None where the profile does not hold it."""
    rows, share = index.holders(term)
    at = int(rows.searchsorted(row))
    return float(share[at]) if at < len(rows) and int(rows[at]) == row else None


def _share(index: RareIndex, row: int, term: int) -> tuple[float | None, bool]:
    """Share of the term in a profile, and whether the annotation states it."""
    held = _held(index, row, term)
    if held is None:
        return None, False
    part = slice(int(index.direct_ptr[row]), int(index.direct_ptr[row + 1]))
    same = np.flatnonzero(index.direct[part] == term)
    return round(min(held, 1.0), 3), bool(len(same)) and float(index.direct_count[part][same[0]]) > 0

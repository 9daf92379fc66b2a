"""What age, sex, onset and mode of inheritance say about a rare disease."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from yingzhi.clinical.words import Sex
from yingzhi.tools.rare.index import Floats, RareIndex

ONSETS: tuple[tuple[str, float, float], ...] = (
    ("HP:0030674", 0.0, 0.0),
    ("HP:0003577", 0.0, 0.0),
    ("HP:0003623", 0.0, 28 / 365.25),
    ("HP:0003593", 28 / 365.25, 1.0),
    ("HP:0011463", 1.0, 5.0),
    ("HP:0003621", 5.0, 15.0),
    ("HP:0011462", 16.0, 40.0),
    ("HP:0003596", 40.0, 60.0),
    ("HP:0003584", 60.0, 120.0),
    ("HP:0003581", 16.0, 120.0),
    ("HP:0410280", 28 / 365.25, 16.0),
)
"""Class of onset, from and to in years, as the ontology defines them: antenatal, congenital, neonatal, infantile, childhood, juvenile,
young adult, middle age, late; adult and paediatric where no more is said."""
MODES: Mapping[str, int] = {
    "HP:0000006": 0,  # autosomal dominant
    "HP:0000007": 1,  # autosomal recessive
    "HP:0001419": 2,  # X-linked recessive
    "HP:0001423": 3,  # X-linked dominant
    "HP:0001417": 4,  # X-linked
    "HP:0001450": 5,  # Y-linked
    "HP:0001427": 6,  # mitochondrial
    "HP:0001442": 7,  # somatic mosaicism
    "HP:0001426": 8,  # multifactorial
    "HP:0003745": 9,  # sporadic
}
X_RECESSIVE, X_DOMINANT, Y_LINKED = (1 << MODES[m] for m in ("HP:0001419", "HP:0001423", "HP:0001450"))

BEFORE_ONSET = -2.0
"""Log weight of a disease that begins only at a later age in every patient on record; one patient can always be the first."""
OTHER_ONSET = -1.0
"""…and of one whose class of onset is on record and is not the one that the case names."""
SAME_ONSET = 0.5
CARRIER = -2.0
"""Log weight of an X-linked recessive disease in a girl or woman, and of a Y-linked one: carriers with signs exist."""
SPARED = -0.7
"""Log weight of an X-linked dominant disease in a boy or man: many are lethal in males."""
SAME_MODE, OTHER_MODE = 0.5, -1.5


def onset_class(term: str) -> int | None:
    """Place of an onset term in `ONSETS`; the finer antenatal ones count as antenatal, the finer adult ones as young adult."""
    finer = {"HP:0011460": 0, "HP:0011461": 0, "HP:0034199": 0, "HP:0034198": 0, "HP:0034197": 0}
    young = {"HP:0025708": 6, "HP:0025709": 6, "HP:0025710": 6}
    return next((i for i, (known, _, _) in enumerate(ONSETS) if known == term), finer.get(term, young.get(term)))


def weigh_patient(index: RareIndex, age: float | None, sex: Sex, context: Iterable[str]) -> Floats:
    """Log weight of every profile for this patient.

    Args:
        index: The profiles.
        age: Years, None where not known.
        sex: Sex of the patient.
        context: Ids of HPO terms of onset and inheritance that the case names.

    Returns:
        [R], 0 where nothing is known.
    """
    total = np.zeros(index.profiles, dtype=np.float32)
    stated = index.onset.sum(axis=1)
    if age is not None:
        later = np.array([first > age for _, first, _ in ONSETS], dtype=np.float32)
        total += np.where((stated > 0) & (index.onset @ later >= stated), BEFORE_ONSET, 0).astype(np.float32)
    if sex == "female":
        total += _only(index, X_RECESSIVE | Y_LINKED) * CARRIER
    elif sex == "male":
        total += _only(index, X_DOMINANT) * SPARED
    for term in context:
        if (place := onset_class(term)) is not None:
            total += np.where(stated == 0, 0, np.where(index.onset[:, place] > 0, SAME_ONSET, OTHER_ONSET)).astype(np.float32)
        elif term in MODES:
            total += np.where(index.modes == 0, 0, np.where(index.modes & (1 << MODES[term]), SAME_MODE, OTHER_MODE)).astype(np.float32)
    return total


def _only(index: RareIndex, modes: int) -> Floats:
    """1 where a disease is inherited in one of these ways and in no other."""
    only: Floats = ((index.modes != 0) & ((index.modes & ~modes) == 0)).astype(np.float32)
    return only

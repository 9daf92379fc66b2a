"""Six hundred and more ways to write a drug's name, made by rule from the formulary and by hand, and how many are understood.

A variant is right if it gives its drug, or, where it is misspelt, if the drug is the first that is asked back. It is silently wrong if
another drug is taken for it; that has to happen never.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from yingzhi.knowledge.drug_models import Drug
from yingzhi.tools.drug_names import resolve_drug, unknown_drug
from yingzhi.tools.drug_spelling import fold, pinyin_of, readings
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.text import simplified_table

Kind = Literal["zh", "brand", "pinyin", "typo", "salt", "mixed", "hand"]
HOW_MANY: dict[Kind, int] = {"zh": 100, "brand": 100, "pinyin": 100, "typo": 140, "salt": 100, "mixed": 100}
FORMS_ZH = ("片", "胶囊", "颗粒", "注射液", "缓释片", "分散片", "肠溶胶囊", "口服溶液")
SALTS_ZH = ("盐酸", "硫酸", "马来酸", "富马酸", "枸橼酸", "甲磺酸")
SALTS_EN = ("hydrochloride", "sodium", "maleate", "fumarate", "mesylate", "sulfate")
FORMS_EN = ("tablets", "capsules 20 mg", "10mg tab", "oral solution", "injection", "XR")
HAND: tuple[tuple[str, str], ...] = (
    ("MTX", "methotrexate"), ("甲氨喋呤", "methotrexate"), ("氨甲喋呤", "methotrexate"), ("methotrexat", "methotrexate"),
    ("环孢霉素A", "ciclosporin"), ("CsA", "ciclosporin"), ("cyclosporin A", "ciclosporin"), ("Sandimmun Neoral", "ciclosporin"),
    ("acyclovir", "aciclovir"), ("无环鸟苷", "aciclovir"), ("valacyclovir", "valaciclovir"), ("扑尔敏", "chlorphenamine"),
    ("chlorpheniramine maleate 4mg", "chlorphenamine"), ("仙特明", "cetirizine"), ("开瑞坦", "loratadine"), ("迪皿", "levocetirizine"),
    ("强的松", "prednisone"), ("强的松龙", "prednisolone"), ("甲强龙", "methylprednisolone"), ("Medrol", "methylprednisolone"),
    ("得宝松", "betamethasone"), ("皮炎平", "dexamethasone"), ("斯皮仁诺", "itraconazole"), ("大扶康", "fluconazole"),
    ("兰美抒", "terbinafine"), ("Lamisil", "terbinafine"), ("达克宁", "miconazole"), ("派瑞松", "triamcinolone-econazole"),
    ("百多邦", "mupirocin"), ("达芙文", "adapalene"), ("泰尔丝", "isotretinoin"), ("Accutane", "isotretinoin"), ("新体卡松", "acitretin"),
    ("复方新诺明", "co-trimoxazole"), ("SMZ-TMP", "co-trimoxazole"), ("Bactrim DS", "co-trimoxazole"), ("纷乐", "hydroxychloroquine"),
    ("HCQ", "hydroxychloroquine"), ("Plaquenil", "hydroxychloroquine"), ("可善挺", "secukinumab"), ("Cosentyx", "secukinumab"),
    ("修美乐", "adalimumab"), ("达必妥", "dupilumab"), ("Dupixent", "dupilumab"), ("瑞福", "upadacitinib"), ("尚杰", "tofacitinib"),
    ("美能", "compound-glycyrrhizin"), ("火把花根片", "tripterygium-hypoglaucum"), ("帕夫林", "total-glucosides-of-paeony"),
    ("拜阿司匹灵", "aspirin"), ("立普妥", "atorvastatin"), ("络活喜", "amlodipine"), ("格华止", "metformin"), ("波立维", "clopidogrel"),
    ("泰诺林", "paracetamol"), ("acetaminophen", "paracetamol"), ("芬必得", "ibuprofen"), ("扶他林", "diclofenac"), ("西乐葆", "celecoxib"),
    ("优甲乐", "levothyroxine"), ("倍他乐克", "metoprolol"), ("拜唐苹", "acarbose"), ("氨甲喋呤", "methotrexate"),
    ("環孢素", "ciclosporin"),
    ("甲氨蝶呤（MTX）", "methotrexate"), ("他克莫司（普特彼）软膏0.1%", "tacrolimus"), ("ｉｓｏｔｒｅｔｉｎｏｉｎ", "isotretinoin"),
    ("螺內酯", "spironolactone"), ("維A酸乳膏", "tretinoin"), ("伊維菌素", "ivermectin"), ("多西環素", "doxycycline"),
    ("Methotrexat (MTX) 15mg", "methotrexate"), ("isotretinon", "isotretinoin"), ("azathioprin", "azathioprine"),
    ("prednisolon", "prednisolone"),
)  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """A name as somebody may write it, and the drug that is meant."""

    kind: Kind
    written: str
    drug: str


def variants(formulary: Formulary, seed: int = 7) -> list[Variant]:
    """The whole set, the same on every run over the same formulary."""
    rng = random.Random(seed)
    drugs = sorted(formulary.drugs.values(), key=lambda d: d.id)
    makers: dict[Kind, Callable[[Drug, random.Random, Formulary], str]] = {
        "zh": _chinese,
        "brand": _brand,
        "pinyin": _pinyin,
        "typo": _typo,
        "salt": _salt,
        "mixed": _mixed,
    }
    out = [Variant("hand", written, drug) for written, drug in HAND if drug in formulary.drugs]
    for kind, make in makers.items():
        out += [Variant(kind, w, d) for w, d in _take(make, drugs, rng, formulary, HOW_MANY[kind])]
    return out


def _take(
    make: Callable[[Drug, random.Random, Formulary], str], drugs: list[Drug], rng: random.Random, formulary: Formulary, count: int
) -> Iterator[tuple[str, str]]:
    chosen = drugs[:]
    rng.shuffle(chosen)
    made = 0
    for drug in chosen:
        if made == count:
            return
        written = make(drug, rng, formulary)
        if written:
            made += 1
            yield written, drug.id


def _chinese(drug: Drug, rng: random.Random, formulary: Formulary) -> str:
    name = rng.choice((drug.names.zh, *drug.aliases.zh))
    name = _traditional(name) if rng.random() < 0.3 else name
    return name + rng.choice(("", "", *FORMS_ZH)) if "oral" in drug.routes else name


def _traditional(name: str) -> str:
    back = {v: chr(k) for k, v in reversed(simplified_table().items())}
    return "".join(back.get(c, c) for c in name)


def _brand(drug: Drug, rng: random.Random, formulary: Formulary) -> str:
    if not drug.aliases.en:
        return ""
    name = rng.choice(drug.aliases.en)
    return rng.choice((name, name.upper(), name.lower(), f"{name} {rng.choice(FORMS_EN)}", f"{name}®"))


def _pinyin(drug: Drug, rng: random.Random, formulary: Formulary) -> str:
    sounds, table = pinyin_of(fold(drug.names.zh)), readings()
    if not sounds or any(c not in table for c in drug.names.zh):
        return ""
    spaced = " ".join(table[c][0] for c in fold(drug.names.zh))
    return rng.choice((sounds[0], sounds[0].capitalize(), spaced))


def _typo(drug: Drug, rng: random.Random, formulary: Formulary) -> str:
    written = _homophone(drug.names.zh, rng) if rng.random() < 0.3 else _slip(drug.names.en.lower(), rng)
    return "" if not written or fold(written) in formulary.names else written


def _slip(name: str, rng: random.Random) -> str:
    if len(name) < 7 or not name.isalpha():
        return ""
    at = rng.randrange(1, len(name) - 1)
    how = rng.choice(("drop", "double", "swap", "other"))
    if how == "drop":
        return name[:at] + name[at + 1 :]
    if how == "double":
        return name[:at] + name[at] + name[at:]
    if how == "swap":
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name[:at] + rng.choice("aeiounrst".replace(name[at], "")) + name[at + 1 :]


def _homophone(name: str, rng: random.Random) -> str:
    table = readings()
    if len(name) < 3 or any(c not in table for c in name):
        return ""
    at = rng.randrange(len(name))
    same = [c for c, sounds in table.items() if sounds[0] == table[name[at]][0] and c != name[at]]
    return name[:at] + rng.choice(same) + name[at + 1 :] if same else ""


def _salt(drug: Drug, rng: random.Random, formulary: Formulary) -> str:
    if (
        "oral" not in drug.routes
        or drug.ingredients
        or " " in drug.names.en
        or drug.names.zh[:2] in ("盐酸", "复方")
        or drug.names.zh[-1] in "酸盐钠钾钙丸"
    ):
        return ""
    if rng.random() < 0.5:
        return f"{rng.choice(SALTS_ZH)}{drug.names.zh}{rng.choice(FORMS_ZH)}"
    return f"{drug.names.en} {rng.choice(SALTS_EN)} {rng.choice(FORMS_EN)}"


def _mixed(drug: Drug, rng: random.Random, formulary: Formulary) -> str:
    en, zh = drug.names.en, drug.names.zh
    if "(" in en or "（" in zh or not en.isascii():
        return ""
    return rng.choice((f"{zh}（{en}）", f"{en}({zh})", f"{en}{zh}", f"{zh}片 {en} 10mg", f"{en.lower()}（{zh}胶囊）"))


def judge(variant: Variant, formulary: Formulary) -> Literal["right", "asked", "lost", "wrong"]:
    """Right: its drug is taken; asked: not taken, but its drug is asked back; lost: neither; wrong: another drug is taken."""
    match = resolve_drug(variant.written, formulary)
    if match is not None:
        return "right" if match.drug == variant.drug else "wrong"
    one = unknown_drug(variant.written, formulary)
    found = [s.drug for s in one.suggestions]
    first = found if one.reason == "ambiguous" else found[:1]
    return "asked" if variant.drug in first else "lost"


def show_names(formulary: Formulary, show: bool) -> None:
    """Print the shares by kind."""
    tally: dict[str, Counter[str]] = {}
    for v in variants(formulary):
        verdict = judge(v, formulary)
        tally.setdefault(v.kind, Counter())[verdict] += 1
        if show and verdict in ("lost", "wrong"):
            sys.stdout.write(f"  {v.kind} {v.written!r} -> {v.drug}: {verdict}\n")
    whole: Counter[str] = sum(tally.values(), Counter())
    for kind, counts in [*tally.items(), ("all", whole)]:
        n = sum(counts.values())
        good = (counts["right"] + counts["asked"]) / n
        sys.stdout.write(
            f"names, {kind:7} {n:4}: right {good:.3f}{'  (>= .98)' if kind == 'all' else ''}, of these asked back {counts['asked']}, "
            f"lost {counts['lost']}, silently wrong {counts['wrong']}{'  (0)' if kind == 'all' else ''}\n"
        )

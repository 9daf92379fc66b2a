"""One case a score, worked by hand from the published formula; the arithmetic stands beside it."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from yingzhi.tools.scores import SCORES, compute
from yingzhi.tools.scores.compute import band_range


class Worked(NamedTuple):
    score: str
    values: dict[str, Any]
    total: float
    parts: dict[str, float]
    band: str
    rest_zero: bool = False


def signs(region: str, area: float, **graded: float) -> dict[str, float]:
    return {f"{region}_area_percent": area} | {f"{region}_{sign}": grade for sign, grade in graded.items()}


EASI = (
    signs("head", 10, erythema=1, papulation=1, excoriation=1.5, lichenification=0)
    | signs("upper_limbs", 30, erythema=2, papulation=2, excoriation=2, lichenification=1)
    | signs("trunk", 9, erythema=1, papulation=1, excoriation=1, lichenification=1)
    | signs("lower_limbs", 50, erythema=3, papulation=2, excoriation=2.5, lichenification=2)
)
DERMATOMYOSITIS = {
    "periorbital_erythema": 3, "v_neck_erythema": 2, "v_neck_scale": 1, "upper_back_erythema": 2, "upper_back_scale": 1,
    "upper_back_erosion": 1, "v_neck_poikiloderma": 1, "arms_calcinosis": 1, "gottron_hands_erythema": 2, "gottron_hands_papules": True,
    "gottron_hands_ulceration": 1, "gottron_hands_damage": 1, "periungual": 2,
}  # fmt: skip
LUPUS = {
    "scalp_erythema": 2, "scalp_scale": 1, "nose_malar_erythema": 3, "nose_malar_scale": 1, "arms_erythema": 1, "mucosa": 1,
    "recent_hair_loss": 1, "alopecia": 2, "scalp_dyspigmentation": 1, "nose_malar_dyspigmentation": 1, "dyspigmentation_12_months": True,
    "scar_nose_malar": 1, "scalp_scarring": 4,
}  # fmt: skip
SJS = {
    "age_years": 65, "malignancy": True, "heart_rate": 130, "detachment_percent": 30, "urea_mmol": 8, "bicarbonate_mmol": 18,
    "glucose_mmol": 9,
}  # fmt: skip
ALDEN = {
    "delay": "suggestive", "in_body": "definite", "challenge": "unknown", "dechallenge": "neutral", "notoriety": "strongly-associated",
}  # fmt: skip
NARANJO = {
    "reports": "yes", "after_drug": "yes", "improved": "yes", "rechallenge": "unknown", "other_causes": "no", "placebo": "unknown",
    "toxic_level": "no", "dose_dependent": "no", "earlier_similar": "no", "objective": "yes",
}  # fmt: skip
DRESS = {
    "fever": "yes", "lymph_nodes": "yes", "eosinophilia": "high", "atypical_lymphocytes": "no", "rash_extent": "yes",
    "rash_suggests": "yes", "biopsy_suggests": "unknown", "organs": "one", "slow_resolution": "unknown", "other_causes_excluded": "yes",
}  # fmt: skip

CASES = [
    # head 0.1 x 2 x (2+2+1) = 1.0; upper limbs 0.2 x 3 x (3+2+2) = 4.2; trunk 0.3 x 1 x 3 = 0.9; lower limbs 0.4 x 5 x (4+3+3) = 20
    Worked(
        "pasi",
        signs("head", 15, erythema=2, induration=2, desquamation=1)
        | signs("upper_limbs", 35, erythema=3, induration=2, desquamation=2)
        | signs("trunk", 5, erythema=1, induration=1, desquamation=1)
        | signs("lower_limbs", 70, erythema=4, induration=3, desquamation=3),
        26.1, {"head": 1.0, "upper_limbs": 4.2, "trunk": 0.9, "lower_limbs": 20}, "moderate to severe, if DLQI is above 10",
    ),
    # 1 + 2.5 + 4 + 3 handprints
    Worked(
        "bsa",
        {"head_handprints": 1, "upper_limbs_handprints": 2.5, "trunk_handprints": 4, "lower_limbs_handprints": 3},
        10.5, {"trunk": 4}, "severe psoriasis by extent",
    ),
    # 0.1 x 2 x 3.5 = 0.7; 0.2 x 3 x 7 = 4.2; 0.3 x 1 x 4 = 1.2; 0.4 x 4 x 9.5 = 15.2
    Worked("easi", EASI | {"age_group": "8-or-over"}, 21.3, {"head": 0.7, "lower_limbs": 15.2}, "severe"),
    # the same child: 0.2 x 2 x 3.5 = 1.4; 4.2; 1.2; 0.3 x 4 x 9.5 = 11.4
    Worked("easi", EASI | {"age_group": "under-8"}, 18.2, {"head": 1.4, "lower_limbs": 11.4}, "moderate"),
    # A 30/5 = 6; B 2+1+1+2+1+2 = 9, 7 x 9/2 = 31.5; C 7 + 5 = 12; objective 6 + 31.5
    Worked(
        "scorad",
        {"extent_percent": 30, "erythema": 2, "oedema": 1, "oozing": 1, "excoriation": 2, "lichenification": 1, "dryness": 2,
         "itch": 7, "sleep_loss": 5},
        49.5, {"extent": 6, "intensity": 31.5, "subjective": 12, "objective": 37.5}, "severe",
    ),
    Worked("iga", {"grade": 3}, 3, {}, "moderate"),
    # (3+2) + (1+1) + (2+0) + 3 + (1+0) + 1
    Worked(
        "dlqi",
        dict(zip((f"q{n}" for n in range(1, 11)), (3, 2, 1, 1, 2, 0, 3, 1, 0, 1), strict=True)),
        14, {"symptoms": 5, "daily": 2, "leisure": 2, "work": 3, "relationships": 1, "treatment": 1}, "very large effect on life",
    ),
    # 4 + 2 + 1 + 0 + 2 + 3 + 4
    Worked(
        "poem",
        {"itch": 4, "sleep": 2, "bleeding": 1, "weeping": 0, "cracking": 2, "flaking": 3, "dryness": 4},
        16, {}, "moderate",
    ),
    # wheals 2+2+1+3+0+1+2 = 11, itch 3+2+2+3+1+1+2 = 14
    Worked(
        "uas7",
        {f"day{n}_wheals": w for n, w in enumerate((2, 2, 1, 3, 0, 1, 2), 1)}
        | {f"day{n}_itch": i for n, i in enumerate((3, 2, 2, 3, 1, 1, 2), 1)},
        25, {"wheals": 11, "itch": 14}, "moderate activity",
    ),
    # 5 + 2 x 2 + 4 x 1
    Worked("ihs4", {"nodules": 5, "abscesses": 2, "draining_tunnels": 1}, 13, {}, "severe"),
    Worked("hurley", {"pattern": "separate-tunnels"}, 2, {}, "stage II"),
    # age, malignancy, heart rate, detachment and bicarbonate count; urea 8 and glucose 9 do not
    Worked("scorten", SJS, 5, {"age": 1, "urea": 0, "bicarbonate": 1, "glucose": 0}, "more than 90 % died (95 % CI 55.5-99.8)"),
    # 0 + 1 + 2 + 0 + 1 + 1 + 0 + 1 - 1 + 1
    Worked("regiscar", DRESS, 6, {}, "definite case"),
    # 3 + 0 + 0 + 0 + 3 - 0
    Worked("alden", ALDEN | {"other_cause": False}, 6, {}, "very probable cause"),
    # the same, less 1 for another drug above 3
    Worked("alden", ALDEN | {"other_cause": True}, 5, {}, "probable cause"),
    # 1 + 2 + 1 + 0 + 2 + 0 + 0 + 0 + 0 + 1
    Worked("naranjo", NARANJO, 7, {}, "probable"),
    # skin 5 + 3, scalp 2, mucosa 5 + 2; damage 1 + 1 apart
    Worked(
        "pdai",
        {"chest_activity": 5, "back_activity": 3, "scalp_activity": 2, "mucosa_buccal": 5, "mucosa_tongue": 2, "chest_damage": 1,
         "scalp_damage": 1},
        17, {"skin": 8, "scalp": 2, "mucosa": 7, "damage": 2}, "moderate", True,
    ),
    # blisters 5 + 3 + 10, urticaria 10 + 5, mucosa 2; damage 1 apart
    Worked(
        "bpdai",
        {"chest_blisters": 5, "left_arm_blisters": 3, "back_blisters": 10, "chest_urticaria": 10, "back_urticaria": 5, "mucosa_buccal": 2,
         "chest_damage": 1},
        35, {"blisters": 18, "urticaria": 15, "mucosa": 2, "damage": 1}, "moderate", True,
    ),
    # 0.40 x 50 = 20; 0.24 x 25 = 6; 0.18 x 100 = 18; 0
    Worked(
        "salt",
        {"top_percent": 50, "back_percent": 25, "left_percent": 100, "right_percent": 0},
        44, {"top": 20, "back": 6, "left": 18, "right": 0}, "moderate",
    ),
    # 3 hands x 50 % + 4 hands x 75 %
    Worked(
        "vasi",
        {"upper_limbs_hand_units": 3, "upper_limbs_depigmentation": 50, "lower_limbs_hand_units": 4, "lower_limbs_depigmentation": 75},
        4.5, {"upper_limbs": 1.5, "lower_limbs": 3}, "", True,
    ),
    # 0.3 x 3 x (3+2) = 4.5; 0.3 x 5 x (3+3) = 9; 0.3 x 4 x (2+2) = 4.8; 0.1 x 1 x (1+1) = 0.2
    Worked(
        "masi",
        signs("forehead", 40, darkness=3, homogeneity=2) | signs("right_malar", 75, darkness=3, homogeneity=3)
        | signs("left_malar", 55, darkness=2, homogeneity=2) | signs("chin", 5, darkness=1, homogeneity=1),
        18.5, {"forehead": 4.5, "right_malar": 9, "left_malar": 4.8, "chin": 0.2}, "",
    ),
    # 0.3 x 3 x 3 = 2.7; 0.3 x 5 x 3 = 4.5; 0.3 x 4 x 2 = 2.4; 0.1 x 1 x 1 = 0.1
    Worked(
        "mmasi",
        signs("forehead", 40, darkness=3) | signs("right_malar", 75, darkness=3) | signs("left_malar", 55, darkness=2)
        | signs("chin", 5, darkness=1),
        9.7, {"forehead": 2.7, "chin": 0.1}, "",
    ),
    # 3+3 + 2+2 + 2+1 + 1 + 1
    Worked(
        "mrss",
        {"right_fingers": 3, "left_fingers": 3, "right_hand": 2, "left_hand": 2, "right_forearm": 2, "left_forearm": 1, "face": 1,
         "chest": 1},
        15, {}, "", True,
    ),
    # activity (2+1) + (3+1) + 1 = 8, + 1 + (1+2) = 12; damage 2 x 2 (a year or longer) + (1 + 4) = 9
    Worked(
        "clasi", LUPUS, 12, {"skin": 8, "mucosa": 1, "hair": 3, "dyspigmentation": 4, "scarring": 5, "damage": 9}, "moderate", True
    ),
    # skin 3 + (2+1) + (2+1+1) = 10; Gottron 2 x 2 (papules); 1 + 2; damage 1 + 1 + 1
    Worked("cdasi", DERMATOMYOSITIS, 17, {"skin": 10, "gottron": 4, "other": 3, "damage": 3}, "moderate to severe", True),
    Worked(
        "abcde",
        {"asymmetry": True, "border": False, "colour": False, "diameter": False, "evolving": True},
        2, {}, "have it examined by a specialist with dermoscopy",
    ),
    # 1.3 x 2 = 2.6; 0.1 x 5 = 0.5; 0.5 x 4 = 2; 0.5 x 3 = 1.5
    Worked(
        "abcd-dermoscopy",
        {"asymmetry": 2, "border_segments": 5, "colours": 4, "structures": 3},
        6.6, {"a": 2.6, "b": 0.5, "c": 2, "d": 1.5}, "highly suspicious for melanoma",
    ),
    # 2 + 1
    Worked(
        "seven-point-clinical",
        {"size_change": True, "diameter_7mm": True},
        3, {"major": 2, "minor": 1}, "refer by the suspected-cancer pathway (within two weeks)", True,
    ),
    # 2 + 1
    Worked(
        "seven-point-dermoscopic",
        {"atypical_network": True, "regression": True},
        3, {"major": 2, "minor": 1}, "classified as melanoma by this list: excise", True,
    ),
    Worked("fitzpatrick", {"reaction": "IV"}, 4, {}, "type IV"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.score}-{case.total:g}")
def test_a_case_worked_by_hand_comes_out_the_same(case: Worked) -> None:
    result = compute(case.score, case.values, rest_zero=case.rest_zero)
    assert result.total == case.total
    parts = {part.id: part.value for part in result.subscores}
    assert {name: parts[name] for name in case.parts} == case.parts
    assert (result.band.text.en if result.band else "") == case.band


def test_every_score_has_a_worked_case() -> None:
    assert {case.score for case in CASES} == set(SCORES)


@pytest.mark.parametrize(
    ("percent", "grade"),
    [(0, 0), (0.5, 1), (9.9, 1), (10, 2), (29.9, 2), (30, 3), (49.9, 3), (50, 4), (69.9, 4), (70, 5), (89.9, 5), (90, 6), (100, 6)],
)
def test_the_area_grade_changes_exactly_at_its_published_edges(percent: float, grade: int) -> None:
    graded = 1 if percent else 0  # trunk: 0.3 x grade x (1 + 0 + 0)
    result = compute("pasi", signs("trunk", percent, erythema=graded, induration=0, desquamation=0), rest_zero=True)
    assert result.total == pytest.approx(0.3 * grade)


@pytest.mark.parametrize(
    ("field", "without", "counts"),
    [
        ("age_years", 40, 40.5), ("heart_rate", 120, 121), ("detachment_percent", 10, 10.1), ("urea_mmol", 10, 10.1),
        ("bicarbonate_mmol", 20, 19.9), ("glucose_mmol", 14, 14.1),
    ],
)  # fmt: skip
def test_a_scorten_factor_counts_only_beyond_its_cut_off(field: str, without: float, counts: float) -> None:
    well = {
        "age_years": 30, "malignancy": False, "heart_rate": 80, "detachment_percent": 5, "urea_mmol": 5, "bicarbonate_mmol": 24,
        "glucose_mmol": 5,
    }  # fmt: skip
    assert compute("scorten", well | {field: without}).total == 0
    assert compute("scorten", well | {field: counts}).total == 1


def dlqi(total: int) -> dict[str, int]:
    return {f"q{n + 1}": min(3, max(0, total - 3 * n)) for n in range(10)}


def poem(total: int) -> dict[str, int]:
    names = ("itch", "sleep", "bleeding", "weeping", "cracking", "flaking", "dryness")
    return {name: min(4, max(0, total - 4 * n)) for n, name in enumerate(names)}


def uas7(total: int) -> dict[str, int]:
    cells = [f"day{n}_{what}" for n in range(1, 8) for what in ("wheals", "itch")]
    return {cell: min(3, max(0, total - 3 * n)) for n, cell in enumerate(cells)}


@pytest.mark.parametrize(
    ("score", "values", "last"),
    [
        ("dlqi", dlqi, (1, 5, 10, 20, 30)),  # Hongbo 2005: 0-1, 2-5, 6-10, 11-20, 21-30
        ("poem", poem, (2, 7, 16, 24, 28)),  # Charman 2013: 0-2, 3-7, 8-16, 17-24, 25-28
        ("uas7", uas7, (0, 6, 15, 27, 42)),  # 0, 1-6, 7-15, 16-27, 28-42
    ],
)
def test_the_bands_of_a_questionnaire_end_where_their_publication_ends_them(score: str, values: Any, last: tuple[int, ...]) -> None:
    read = [compute(score, values(total)) for total in range(last[-1] + 1)]
    assert [result.total for result in read] == list(range(last[-1] + 1))
    words = [result.band.text.en for result in read if result.band]
    assert [n for n in range(last[-1]) if words[n] != words[n + 1]] == list(last[:-1])


@pytest.mark.parametrize(
    ("percent", "aa_scale", "olsen"),
    [(0, "mild", "S0 no hair loss"), (0.5, "mild", "S1"), (20, "mild", "S1"), (20.5, "moderate", "S1"), (25, "moderate", "S2"),
     (49.5, "moderate", "S2"), (50, "severe", "S3"), (75, "severe", "S4"), (99.5, "severe", "S4"),
     (100, "severe", "S5 total loss of scalp hair")],
)  # fmt: skip
def test_salt_is_read_by_both_scales_at_their_edges(percent: float, aa_scale: str, olsen: str) -> None:
    result = compute("salt", dict.fromkeys(("top_percent", "back_percent", "left_percent", "right_percent"), percent))
    assert result.total == percent
    assert [reading.text.en for reading in (result.band, *result.other_bands) if reading] == [aa_scale, olsen]


PUBLISHED = {
    "pasi": ["0–10 >10", "0–<3 3–10 >10", "0–<7 7–15 >15"],
    "bsa": ["0–<3 3–10 >10", "0–<3 3–10 >10", "0–10 >10"],
    "easi": ["0 >0–1 >1–7 >7–21 >21–50 >50", "0–<16 16–<23 ≥23"],
    "scorad": ["0–<10 10–<29 29–<49 ≥49", "0–<20 20–40 >40"],
    "ihs4": ["0–3 4–10 ≥11"],
    "scorten": ["0–1 2 3 4 ≥5"],
    "regiscar": ["-4…1 2–3 4–5 ≥6"],
    "alden": ["-12…-1 0–1 2–3 4–5 ≥6"],
    "naranjo": ["-4…0 1–4 5–8 ≥9"],
    "pdai": ["0–8 9–24 ≥25", "0–14 15–44 ≥45"],
    "bpdai": ["0–19 20–56 ≥57"],
    "clasi": ["0–9 10–20 ≥21"],
    "cdasi": ["0–14 ≥15"],
    "abcd-dermoscopy": ["1–<4.75 4.75–5.45 >5.45"],
    "seven-point-clinical": ["0–2 ≥3"],
    "seven-point-dermoscopic": ["0–2 ≥3"],
}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_the_bands_are_those_of_the_publications(name: str) -> None:
    score = SCORES[name]
    ranges = [" ".join(band_range(score, scale, n) for n in range(len(scale.bands))) for scale in score.scales]
    assert ranges == PUBLISHED[name]


@pytest.mark.parametrize(
    ("score", "values", "scale", "text"),
    [
        ("pdai", {"chest_activity": 10, "back_activity": 5}, 0, "significant extent"),
        ("salt", {"top_percent": 100, "back_percent": 100, "left_percent": 100, "right_percent": 100}, 0, "S5 total loss of scalp hair"),
        ("easi", EASI | {"age_group": "under-8"}, 0, "moderate"),
    ],
)
def test_other_published_scales_stand_beside_the_first(score: str, values: dict[str, Any], scale: int, text: str) -> None:
    result = compute(score, values, rest_zero=True)
    assert result.other_bands[scale].text.en == text
    assert result.band is not None
    assert result.other_bands[scale].source.id != result.band.source.id

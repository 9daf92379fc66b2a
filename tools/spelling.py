"""Slips of the pen in notes, set right only where that makes a wording of the lexicon.

English: a word of five letters or more that the lexicon does not know is read as the one word of a list that differs by one letter
(two from nine letters on, with the same end) and begins alike. A list of ordinary words near one of these stays as it is.
Chinese: a character of the same sound or shape is tried in its place; the result counts only where a whole wording comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from functools import lru_cache

from yingzhi.tools.text import Token, fold_word

SHORTEST = 5
LONG = 9
"""From this length on two letters may differ, if the word ends alike too."""
MISSPELT = [
    "papule",
    "papular",
    "macule",
    "macular",
    "maculopapular",
    "vesicle",
    "vesicular",
    "pustule",
    "pustular",
    "nodule",
    "nodular",
    "plaque",
    "bulla",
    "bullous",
    "blister",
    "erythema",
    "erythematous",
    "pruritus",
    "pruritic",
    "itchy",
    "itching",
    "eczema",
    "eczematous",
    "psoriasis",
    "urticaria",
    "dermatitis",
    "cellulitis",
    "impetigo",
    "petechia",
    "petechial",
    "purpura",
    "purpuric",
    "ecchymosis",
    "telangiectasia",
    "lichenification",
    "lichenified",
    "excoriation",
    "excoriated",
    "ulcer",
    "ulcerated",
    "ulceration",
    "erosion",
    "crusted",
    "hyperpigmentation",
    "hyperpigmented",
    "hypopigmentation",
    "hypopigmented",
    "depigmentation",
    "depigmented",
    "alopecia",
    "onycholysis",
    "fissure",
    "annular",
    "umbilicated",
    "violaceous",
    "verrucous",
    "keratotic",
    "hyperkeratosis",
    "hyperkeratotic",
    "atrophy",
    "atrophic",
    "induration",
    "indurated",
    "edema",
    "edematous",
    "axilla",
    "axillary",
    "popliteal",
    "antecubital",
    "scrotum",
    "scrotal",
    "perianal",
    "genital",
    "buttock",
    "abdomen",
    "abdominal",
    "forearm",
    "shoulder",
    "eyelid",
    "lymphadenopathy",
    "arthralgia",
    "arthritis",
    "myalgia",
    "diarrhea",
    "hemorrhage",
    "hemorrhagic",
    "photosensitivity",
    "photosensitive",
    "diabetes",
    "diabetic",
    "asthma",
    "allergic",
    "rhinitis",
    "conjunctivitis",
    "stomatitis",
    "cheilitis",
    "vasculitis",
    "necrosis",
    "necrotic",
    "gangrene",
    "abscess",
    "furuncle",
    "carbuncle",
    "folliculitis",
    "follicular",
    "comedone",
    "lymphedema",
    "angioedema",
    "anaphylaxis",
    "dysphagia",
    "hoarseness",
    "wheezing",
    "malaise",
    "fatigue",
    "nausea",
    "vomiting",
    "seizure",
    "weakness",
    "numbness",
    "desquamation",
    "exfoliative",
    "erythroderma",
    "morbilliform",
    "serpiginous",
    "reticulate",
    "confluent",
    "symmetrical",
    "asymmetrical",
    "generalized",
    "disseminated",
    "recurrent",
    "relapsing",
    "intermittent",
    "progressive",
    "persistent",
    "tenderness",
    "swelling",
    "swollen",
    "scaling",
    "bleeding",
    "burning",
    "stinging",
    "photophobia",
    "leukonychia",
    "paronychia",
    "onychomycosis",
    "hirsutism",
    "hypertrichosis",
    "hyperhidrosis",
    "jaundice",
    "cyanosis",
    "pallor",
    "hypotension",
    "tachycardia",
    "dyspnea",
    "hematuria",
    "proteinuria",
    "eosinophilia",
    "neutrophilia",
    "leukocytosis",
    "thrombocytopenia",
    "anemia",
    "splenomegaly",
    "hepatomegaly",
    "immunosuppressed",
    "pregnancy",
    "pregnant",
    "chemotherapy",
    "antibiotic",
    "steroid",
    "antifungal",
    "antihistamine",
    "moisturizer",
    "sunscreen",
    "ointment",
]
"""Words of clinic notes that are often misspelt, folded: what a slip may stand for."""
ORDINARY = frozenset(
    [
        "lesson",
        "vehicle",
        "module",
        "plague",
        "nodal",
        "pupil",
        "pustulate",
        "basilar",
        "macula",
        "maculae",
        "papulae",
        "bullae",
        "bullet",
        "bulled",
        "buttons",
        "button",
        "bottom",
        "britches",
        "hitchy",
        "pitchy",
        "witchy",
        "titchy",
        "bitchy",
        "batching",
        "catching",
        "pitching",
        "hitching",
        "ditching",
        "aching",
        "etching",
        "itched",
        "inching",
        "fissured",
        "figure",
        "fixture",
        "pressure",
        "annual",
        "annually",
        "annul",
        "genitals",
        "general",
        "genial",
        "gentle",
        "general",
        "edematus",
        "scared",
        "scarred",
        "swelled",
        "spelling",
        "smelling",
        "dwelling",
        "bleeding",
        "breeding",
        "feeding",
        "needing",
        "bedding",
        "learning",
        "turning",
        "earning",
        "banking",
        "burying",
        "running",
        "bunting",
        "burnishing",
        "singing",
        "swinging",
        "stinting",
        "stingy",
        "scalping",
        "calling",
        "sealing",
        "scolding",
        "shoulder",
        "smoulder",
        "boulder",
        "older",
        "eyelet",
        "eyelids",
        "sneezing",
        "wheeling",
        "weening",
        "seizures",
        "sneer",
        "ulterior",
        "ulcerous",
        "alternative",
        "erosive",
        "corrosion",
        "explosion",
        "emotion",
        "crust",
        "trusted",
        "crushed",
        "rusted",
        "accrusted",
        "relating",
        "replacing",
        "recurring",
        "recurrence",
        "persisting",
        "persistence",
        "progression",
        "intermitting",
        "confluence",
        "confident",
        "symmetric",
        "symmetry",
        "asymmetric",
        "asymmetry",
        "progress",
        "regressive",
        "aggressive",
        "persist",
        "insistent",
        "consistent",
        "consisted",
        "pregnancies",
        "regnant",
        "stagnant",
        "antibodies",
        "antibody",
        "steroidal",
        "asteroid",
        "steroids",
        "antigenic",
        "ointments",
        "diabetics",
        "arthritic",
        "arthropathy",
        "myopathy",
        "dystrophy",
        "hypertension",
        "anaemia",
        "academia",
        "leukemia",
        "allergen",
        "allergies",
        "allergy",
        "atopic",
        "trophic",
        "strophic",
        "dystrophic",
        "hypertrophic",
        "hypertrophy",
        "dermatology",
        "dermatologic",
        "cellulite",
        "celluloid",
        "vasculature",
        "vascular",
        "vasculopathy",
        "necropsy",
        "necrotizing",
        "gangrenous",
        "abscessed",
        "abseil",
        "pallid",
        "valor",
        "color",
        "cyanotic",
        "melanosis",
        "psoriatic",
        "numbers",
        "number",
        "member",
        "newness",
        "business",
        "wellness",
        "sickness",
        "illness",
        "tiredness",
        "business",
        "hardness",
        "harness",
        "dryness",
        "redness",
        "nauseous",
        "mausoleum",
        "indicated",
        "indication",
        "incubated",
        "incubation",
        "insulation",
        "popular",
        "releasing",
        "vestibular",
        "enema",
        "enemas",
        "ancillary",
        "auxiliary",
        "retinitis",
        "perinatal",
        "disseminate",
        "vascularis",
        "hematuric",
        "dysphoria",
        "intubation",
        "intubated",
        "allergenic",
        "exfoliated",
        "hemorrhoid",
        "hemorrhages",
        "petechiae",
        "purpuras",
        "ulcerative",
        "exudative",
        "follicle",
        "follicles",
        "comedonal",
        "stomata",
        "rhinitic",
        "conjunctival",
    ]
)
"""English words so near to one of them that they would be taken for it."""
SAME_SOUND = {
    "斑": "班般搬",
    "鳞": "磷麟粼",
    "疹": "诊症",
    "痒": "养氧庠痷",
    "瘙": "骚臊",
    "疱": "泡炮庖",
    "脓": "浓农",
    "烂": "拦栏澜",
    "屑": "削宵霄肖",
    "肿": "种",
    "胀": "涨账",
    "疣": "尤鱿犹",
    "癣": "廯藓鲜",
    "荨": "寻旬",
    "疡": "扬杨荡",
    "燥": "噪躁澡",
    "糙": "操",
    "癜": "殿淀",
    "痤": "座坐",
    "痣": "志痔",
    "睑": "脸",
    "囊": "襄",
    "跖": "趾拓",
    "缝": "逢峰",
    "瘀": "淤於",
    "浸": "侵浸",
    "皲": "军",
    "痂": "加伽",
    "痱": "疿",
    "腋": "液夜",
    "素": "索",
    "丘": "秋邱",
    "热": "执",
    "烧": "绕饶",
    "黏": "粘",
    "节": "结",
    "溃": "馈匮",
    "疼": "痋",
    "潮": "嘲",
    "癌": "岩",
    "肤": "肢",
    "颊": "夹",
    "踝": "裸",
    "癞": "赖",
    "瘤": "榴",
    "疤": "巴",
}
"""A character and those written for it, by ear or by shape."""
SLIPS: Mapping[str, tuple[str, ...]] = {
    wrong: tuple(right for right, wrongs in SAME_SOUND.items() if wrong in wrongs) for wrongs in SAME_SOUND.values() for wrong in wrongs
}
PLAIN_WORDS = re.compile(
    "上 班|下 班|夜 班|值 班|加 班|班 级|班 里|班 上|同 班|门 诊|就 诊|急 诊|会 诊|初 诊|复 诊|确 诊|诊 断|诊 疗|诊 治|诊 所|出 "
    "诊|误 诊|来 诊|接 诊|叩 诊|听 诊|触 诊"
    "|营 养|培 养|保 养|休 养|疗 养|养 殖|饲 养|抚 养|家 养|吸 氧|缺 氧|氧 化|血 氧|双 氧|泡 沫|泡 澡|泡 脚|浸 泡|肺 泡|灯 泡|浓 "
    "度|浓 缩|农 村|务 农|症 状|病 症|炎 症|重 症"
    "|并 发 症|适 应 症|后 遗 症|症 见|切 削|种 植|种 类|各 种|一 种|多 种|这 种|何 种|接 种|种 子|播 种|脸 部|脸 上|脸 色|洗 脸|"
    "洗 澡|操 作|体 操|手 术|寻 找|寻 求|上 旬|中 旬|下 旬"
    "|座 位|坐 下|坐 位|静 坐|标 志|同 志|日 志|意 志|脚 趾|足 趾|趾 甲|拓 展|相 逢|每 逢|入 侵|侵 犯|侵 入|军 人|军 训|参 加|增 "
    "加|加 重|加 用|加 上|液 体|输 液|血 液|溶 液"
    "|夜 间|夜 里|半 夜|昼 夜|熬 夜|线 索|检 索|秋 季|秋 天|执 行|结 果|结 构|结 合|总 结|结 束|结 膜|结 痂|结 肠|夹 杂|夹 板|裸 "
    "露|肢 体|四 肢|下 肢|上 肢|肢 端|患 肢"
    "|鲜 红|新 鲜|海 鲜|扬 州|宫 殿|淀 粉|沉 淀|搬 运|搬 家|般 若|一 般|百 般|尤 其|犹 如|坐 骨|痔 疮|粘 连|粘 着|粘 稠|粘 附|农 "
    "民|农 药|噪 音|躁 狂|烦 躁|急 躁|洗 澡|澡 堂"
)
"""Ordinary words that hold such a character: it stays what it is in them."""


@lru_cache(maxsize=1)
def _shapes() -> Mapping[tuple[str, int], tuple[str, ...]]:
    """The words that a slip may stand for, by first letter and length."""
    shapes: dict[tuple[str, int], list[str]] = {}
    for word in sorted({fold_word(w) for w in MISSPELT}):
        shapes.setdefault((word[0], len(word)), []).append(word)
    return {k: tuple(v) for k, v in shapes.items()}


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(fold_word(w) for w in (*MISSPELT, *ORDINARY))


def respell(tokens: list[Token], spelt: Container[str]) -> list[Token]:
    """Read misspelt English words as what they stand for; places stay those of the input.

    Args:
        tokens: Tokens of one text.
        spelt: Words that are no slips: those of the lexicon.
    """
    return [
        t._replace(text=_nearest(t.text) or t.text)
        if len(t.text) >= SHORTEST and t.text.isascii() and t.text.isalpha() and t.text not in spelt
        else t
        for t in tokens
    ]


@lru_cache(maxsize=20_000)
def _nearest(word: str) -> str:
    """The one word of the list that is near enough; empty if there is none or more than one."""
    from rapidfuzz.distance import OSA

    if word in _known():
        return ""
    reach = 2 if len(word) >= LONG else 1
    best, found = reach + 1, ""
    for size in range(max(SHORTEST, len(word) - reach), len(word) + reach + 1):
        for other in _shapes().get((word[0], size), ()):
            distance = OSA.distance(word, other, score_cutoff=best)
            if distance == 2 and word[-2:] != other[-2:]:
                continue
            if distance < best:
                best, found = distance, other
            elif distance == best <= reach and other != found:
                found = ""
    return found


def slipped(tokens: list[Token], covered: set[int]) -> tuple[list[Token], set[int]]:
    """The text with doubtful Chinese characters exchanged, and where they are.

    Args:
        tokens: Tokens of one text.
        covered: Tokens that belong to a wording already; they are blotted out.
    """
    doubtful = [i for i, t in enumerate(tokens) if i not in covered and t.text in SLIPS]
    if not doubtful:
        return tokens, set()
    plain = _plain_places(tuple(t.text for t in tokens))
    changed = {i for i in doubtful if i not in plain}
    read = [
        t._replace(text=SLIPS[t.text][0]) if i in changed else t._replace(text="_") if i in covered else t for i, t in enumerate(tokens)
    ]
    return read, changed


@lru_cache(maxsize=4)
def _plain_places(words: tuple[str, ...]) -> frozenset[int]:
    """Indexes of tokens inside ordinary words."""
    text, at = "", {}
    for i, word in enumerate(words):
        at[len(text)] = i
        text += word + " "
    return frozenset(at[p] for m in PLAIN_WORDS.finditer(text) for p in range(m.start(), m.end()) if p in at)

"""What of a drug's written name may differ without another drug being meant: signs, salts, strength, dosage form, spelling rules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from itertools import product

from yingzhi.clinical.medication import NameMatch
from yingzhi.tools.text import simplify

_GAPS = re.compile(r"[\s\-‐-―_/·・,，、.'’()（）\[\]【】®™©+&\"“”]+")
_GREEK = str.maketrans({"α": "alfa", "β": "beta", "γ": "gamma", "ω": "omega"})
_NUMBER = r"(?:\d+(?:\.\d+)?|[一二三四五六七八九十]+)"
_UNIT = r"(?:%|mg|g|ml|µg|μg|ug|mcg|miu|iu|u|毫克|克|毫升|微克|单位|万单位|万u|万iu|国际单位)"
_STRENGTH = re.compile(
    rf"\d+(?:\.\d+)?\s*{_UNIT}(?![a-z])(?:\s*[/／每]\s*(?:\d+(?:\.\d+)?\s*)?(?:ml|g|kg|d|day|毫升|克|片|粒|支|瓶|袋|tab|cap))?"
    r"|(?:(?<![a-z])[x×*]\s*\d+\s*(?:片|粒|支|袋|瓶|盒|tabs?|caps?)?)",
    re.IGNORECASE,
)
_SALTS_EN = re.compile(
    r"\b(?:hydrochloride|hcl|dihydrochloride|sodium|potassium|calcium|magnesium|disodium|sulfate|sulphate|phosphate|acetate|maleate|fumarate|"
    r"hemifumarate|succinate|tartrate|bitartrate|citrate|mesylate|mesilate|besylate|besilate|tosylate|tosilate|nitrate|hydrobromide|bromide|"
    r"malate|pamoate|embonate|lactate|gluconate|xinafoate|napadisilate|trometamol|tromethamine|meglumine|arginine|lysine|olamine|"
    r"dihydrate|monohydrate|trihydrate|hemihydrate|anhydrous|hydrate|disoproxil|axetil|etexilate|medoxomil|cilexetil|proxetil|pivoxil)\b",
    re.IGNORECASE,
)
_FORMS_EN = re.compile(
    r"\b(?:tablets?|tabs?|capsules?|caps?|cream|ointment|oint|gel|lotion|solution|soln|injection|inj|syrup|suspension|drops?|spray|foam|shampoo|"
    r"patch(?:es)?|powder|vials?|ampoules?|pens?|prefilled|pre-filled|syringes?|lozenges?|suppositor(?:y|ies)|enemas?|inhalers?|"
    r"oral|topical|for|ophthalmic|nasal|dispersible|chewable|effervescent|enteric|coated|film-coated|delayed|extended|modified|sustained|"
    r"controlled|immediate|release|xr|xl|er|sr|cr|mr|ec|la|odt|po|iv|im|sc|bp|usp|generic)\b\.?",
    re.IGNORECASE,
)
_SALTS_ZH_HEAD = re.compile(
    r"^(?:注射用|外用|口服|国产|进口|小儿|儿童|婴儿|盐酸|二盐酸|硫酸|磷酸|醋酸|乙酸|马来酸|富马酸|琥珀酸|酒石酸|重酒石酸|枸橼酸|柠檬酸|甲磺酸|苯磺酸|甲苯磺酸"
    r"|硝酸|氢溴酸|门冬氨酸|乳酸|苹果酸|双羟萘酸|葡萄糖酸)+"
)
_FORMS_ZH_TAIL = re.compile(
    r"(?:肠溶|缓释|控释|分散|咀嚼|泡腾|口腔崩解|口崩|薄膜衣|薄膜|糖衣|滴|软|硬|干|鼻|眼用|阴道|外用|口服|透皮|吸入|预充式|预填充|皮下)*"
    r"(?:片剂?|胶囊剂?|颗粒剂?|丸剂?|乳膏剂?|软膏剂?|乳剂|凝胶剂?|霜剂?|膏|洗剂|搽剂|溶液剂?|口服液|口服溶液|注射液|注射剂|注射笔|注射器|笔芯|针剂?|糖浆剂?|混悬液"
    r"|混悬剂|滴眼液|滴眼|滴鼻|鼻喷|雾化|吸入|外用|外涂|外擦|外搽|静滴|静脉滴注|静脉注射|静注|肌注|肌内注射|肌肉注射|皮下注射|皮下|滴鼻液|滴耳液|眼膏|滴剂|喷雾剂?|气雾剂|粉雾剂|泡沫剂?|贴剂?|贴膏|栓剂?|散剂?|粉针剂?|粉剂|酊剂?|涂膜剂?|香波|口服)+$"
)
_SALTS_ZH_TAIL = re.compile(r"(?:二?钠|钾|钙|镁|一?水合物|水合物|盐酸盐|硫酸盐|磷酸盐|马来酸盐|甲磺酸盐)$")
_BORDER = re.compile(r"(?<=[a-z0-9)）.%])\s*(?=[㐀-鿿])|(?<=[㐀-鿿)）])\s*(?=[a-z])|\s+", re.IGNORECASE)
_BRACKETS = re.compile(r"[(（\[【]([^()（）\[\]【】]+)[)）\]】]")
_INN = (("ph", "f"), ("th", "t"), ("ch", "c"), ("rh", "r"), ("ae", "e"), ("oe", "e"), ("y", "i"), ("inium", "inum"), ("alpha", "alfa"))
"""WHO's rules for nonproprietary names (f for ph, t for th, e for ae and oe, i for y, no idle h), by which older spellings differ."""
LEAST = 2
"""Characters that have to be left of a name after something was taken off it."""
READINGS = 64
"""Ways to read one name in pinyin, at most."""


@lru_cache(maxsize=8192)
def fold(name: str) -> str:
    """A name without what spelling leaves open: case, width, accents, spaces, hyphens, punctuation, traditional characters."""
    spread = simplify(unicodedata.normalize("NFKD", name.lower()).lower())
    return _GAPS.sub("", "".join(c for c in spread if not unicodedata.combining(c)).translate(_GREEK))


def plain(name: str) -> str:
    """A name in one width and in simplified characters, still with its spaces and brackets."""
    return simplify(unicodedata.normalize("NFKC", name)).strip()


def candidates(written: str) -> Iterator[tuple[NameMatch, str]]:
    """Foldings to try, the plainest first. No step changes a letter of the substance.

    Args:
        written: A name as `plain` gives it.

    Yields:
        How the folding came about, and the folding; nothing shorter than two characters once a part was taken off.
    """
    whole = fold(written)
    if not whole:
        return
    yield "name", whole
    bare = _STRENGTH.sub(" ", written).strip()
    folded = fold(bare)
    tailless = _FORMS_ZH_TAIL.sub("", folded)
    headless = _SALTS_ZH_HEAD.sub("", tailless)
    formless = _FORMS_EN.sub(" ", bare)  # a salt is taken off last: with it the name may be another drug's
    english = (fold(formless), fold(_SALTS_EN.sub(" ", formless)))
    steps = (folded, *english, tailless, headless, _SALTS_ZH_TAIL.sub("", tailless), _SALTS_ZH_TAIL.sub("", headless))
    for word in dict.fromkeys(steps):
        if len(word) >= LEAST and word != whole:
            yield "form", word


def partitions(written: str) -> Iterator[tuple[str, ...]]:
    """Ways to cut a name that may say the same twice: at its brackets, else once where the script changes or at a blank.

    `MTX（甲氨蝶呤）` gives both names; a piece that is only a strength, a salt or a dosage form is left out.
    """
    bare = _STRENGTH.sub(" ", written)
    inside = _BRACKETS.findall(bare)
    if inside:
        yield tuple(p.strip() for p in (_BRACKETS.sub(" ", bare), *inside) if _says_something(p))
        return
    for border in _BORDER.finditer(bare):
        pieces = tuple(p.strip() for p in (bare[: border.start()], bare[border.end() :]) if _says_something(p))
        if pieces:
            yield pieces


def _says_something(piece: str) -> bool:
    bare = fold(_SALTS_EN.sub(" ", _FORMS_EN.sub(" ", _STRENGTH.sub(" ", piece))))
    return bool(_FORMS_ZH_TAIL.sub("", _SALTS_ZH_HEAD.sub("", bare)).strip("0123456789%"))


def inn_spelling(folded: str) -> str:
    """A Latin name as WHO's rules would spell it; the same for older and for national spellings."""
    for old, new in _INN:
        folded = folded.replace(old, new)
    return folded


@lru_cache(maxsize=1)
def readings() -> dict[str, tuple[str, ...]]:
    """Toneless pinyin by character; ü is written u."""
    text = resources.files("yingzhi.knowledge").joinpath("drugs/pinyin.txt").read_text(encoding="utf-8")
    out: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            sound, chars = line.split()
            for char in chars:
                out[char] = (*out.get(char, ()), sound.replace("v", "u"))
    return out


def pinyin_of(folded: str) -> tuple[str, ...]:
    """Every way to read a folded Chinese name; nothing if a character has no reading."""
    table = readings()
    sounds = [(c,) if c.isascii() else table.get(c, ()) for c in folded]
    total = 1
    for one in sounds:
        total *= len(one)
    return tuple("".join(p) for p in product(*sounds)) if 0 < total <= READINGS else ()

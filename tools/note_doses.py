"""How a drug that a note names is taken: the dose and the route that stand beside its name. What is not certain stays empty."""

from __future__ import annotations

import re

from yingzhi.clinical.presentation import Medication
from yingzhi.tools.doses import read_dose
from yingzhi.tools.drug_patient import FORMS, read_route

REACH = 70
"""Characters behind a name in which its dose has to begin and end."""
_FORM = (
    r"sodium|hydrochloride|hcl|tablets?|tabs?|capsules?|caps?|injections?|syrup|oral|orally|by mouth|p\.?o\.?|subcutaneous(?:ly)?|s\.?c\.?"
    r"|dose|at|of|a|片|胶囊|颗粒|分散片|缓释片|缓释胶囊|肠溶片|肠溶胶囊|软胶囊|注射液|针|口服|内服|服|皮下注射|肌注|静滴|治疗|剂量|用量|予|为"
)
_LEAD = re.compile(rf"[\s,，:：(（]*(?:(?:{_FORM})(?![a-z])[\s,，:：(（]*){{0,3}}", re.IGNORECASE)
_NUMBER = r"\d+(?:\.\d+)?"
_UNIT = r"(?:mg|g|mcg|µg|μg|ug|iu|u|ml|毫克|克|微克|毫升|单位|万单位|tablets?|tabs?|capsules?|片|粒|颗|支|袋|丸)(?![a-z])"
_AMOUNT = (
    rf"{_NUMBER}\s*(?:[-~–至]\s*{_NUMBER}\s*)?{_UNIT}(?:\s*/\s*(?:kg|片|粒|支)|/m2|/m²)?"
    rf"(?:\s*[×x*]\s*(?:{_NUMBER}|[一二两三四])\s*(?:片|粒|支|tabs?|tablets?)?)?"
)
_ZH_N = r"[一二两三四五六1-6]"
_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_OFTEN = (
    rf"每(?:日|天|周|星期|月)\s*(?:分?\s*{_ZH_N}\s*次|[一二三四五六日天](?!次))?|{_ZH_N}\s*(?:日|天|周)\s*{_ZH_N}\s*次|每[晚早晨]\s*(?:{_ZH_N}\s*次)?"
    rf"|每\s*{_NUMBER}\s*(?:小时|天|日|周)\s*(?:{_ZH_N}\s*次)?|隔[日天]\s*(?:{_ZH_N}\s*次)?|睡前|早晚各?\s*(?:{_ZH_N}\s*次)?|必要时"
    r"|(?:once|twice|one time|(?:two|three|four|\d) times)\s*(?:a|an|per|each|every)?"
    r"\s*(?:days?|daily|weeks?|weekly|months?|monthly|night|nightly)"
    r"|(?:once[- ])?(?:daily|weekly|monthly|fortnightly|nightly)"
    rf"|(?:every|each) (?:other )?(?:day|week|night|morning|evening|{_DAYS}|{_NUMBER} (?:hours|days|weeks))|on {_DAYS}"
    r"|(?:a|per) (?:day|week)|/\s*(?:d|day|日|天|w|wk|week|周)|at (?:night|bedtime)|as needed"
    r"|(?:qd|od|bid|bd|tid|tds|qid|qds|qod|qn|qhs|qw|biw|tiw|prn|q\d{1,2}[hdw])"
)
_TAKEN = re.compile(rf"(?P<amount>{_AMOUNT})(?:\s*[,，(（]?\s*(?:{_FORM})?\s*(?P<often>{_OFTEN})(?![a-z]))?", re.IGNORECASE)
_TURNED = re.compile(rf"(?P<often>{_OFTEN})\s*[,，]?\s*(?:每次|一次|each|口服|服)?\s*(?P<amount>{_AMOUNT})(?!\s*/)", re.IGNORECASE)
"""How often before how much: 每周10mg, `once a week 15 mg`."""
_BEFORE = re.compile(
    rf"(?P<often>每[日天周晚](?:{_ZH_N}次)?|隔[日天](?:一次)?|\b(?:once[- ])?(?:weekly|daily|nightly))"
    r"\s*(?:口服|服用?|内服|皮下注射|肌注|注射|oral|low[- ]dose)?\s*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\ba (day|week)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[。；;\n]|\.(?=\s|$)")
_LOCAL_BEFORE = re.compile(r"(?:外用|外涂|外擦|外搽|涂擦|湿敷|局部(?:用|涂)?|topical(?:ly)?(?: applied)?|\d\s*[%％])\s*$", re.IGNORECASE)
_SYSTEMIC_BEFORE = re.compile(r"(口服|内服|静滴|静脉滴注|肌注|皮下注射|\boral|\bintravenous|\bsubcutaneous)\s*$", re.IGNORECASE)
_CUT = re.compile(r"[,，、；;。()（）\n]|\band\b|和|及")


def dose_beside(text: str, start: int, end: int, stop: int) -> str:
    """The dose of a drug that a note names.

    Args:
        text: The note.
        start: Where the name begins.
        end: Where it ends.
        stop: Where the next drug is named: nothing from there on is this drug's.

    Returns:
        Amount and how often, as written; the amount alone where no word beside it says how often; empty where no amount
        stands right behind the name.
    """
    tail = text[end : min(stop, end + REACH)]
    if (over := _SENTENCE.search(tail)) is not None:
        tail = tail[: over.start()]
    lead = _LEAD.match(tail)
    at = lead.end() if lead else 0
    found = _TAKEN.match(tail, at) or _TURNED.match(tail, at)
    if found is None:
        return ""
    dose = _ARTICLE.sub(r"per \1", found.group().strip(" ,，(（"))
    if found["often"] is None and (before := _BEFORE.search(text, max(0, start - 24), start)) is not None:
        dose = f"{found['amount']} {before['often']}"
    return "" if read_dose(dose) in ("impossible", "unit") else dose


def route_beside(text: str, start: int, end: int, routes: tuple[str, ...] = ()) -> str:
    """The route of a drug that a note names, by the dosage form behind its name or a word before it; empty where neither says.

    Args:
        text: The note.
        start: Where the name begins.
        end: Where it ends.
        routes: The drug's own; a word before it that says `on the skin` counts only for a drug that is used there.
    """
    behind = _CUT.split(text[end : end + 14], maxsplit=1)[0]
    by_form = next((route for form, route in reversed(FORMS) if form.search(behind)), "")
    if by_form:
        return by_form
    if "topical" in routes and _LOCAL_BEFORE.search(text, max(0, start - 20), start):
        return "topical"
    said = _SYSTEMIC_BEFORE.search(text, max(0, start - 16), start)
    return read_route(said[1].lower()) if said else ""


def joined(one: Medication, dose: str, route: str) -> Medication:
    """A record with what a further mention says of its dose, and by this route.

    A dose that says how often goes before one that does not; of two that differ the greater a day stands, as that is the one to ask about.
    """
    return one.model_copy(update={"dose": dose if _says_more(dose, one.dose) else one.dose, "route": route})


def _says_more(new: str, old: str) -> bool:
    fresh, known = read_dose(new), read_dose(old)
    if isinstance(fresh, str):
        return False
    if isinstance(known, str) or fresh.daily is None or known.daily is None:
        return isinstance(known, str) or (known.daily is None and fresh.daily is not None)
    return fresh.unit == known.unit and fresh.daily > known.daily


__all__ = ["dose_beside", "joined", "route_beside"]

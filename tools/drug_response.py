"""Whether a drug helped: its name, and what the same sentence says came of it.

Wordings can't do this: every antibiotic would have to stand there with every way to say that it was no use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from yingzhi.knowledge.drug_models import Drug
from yingzhi.tools.extraction import Extraction, Mention
from yingzhi.tools.scope import sentence_bounds
from yingzhi.tools.text import simplify

NO_RESPONSE: Sequence[tuple[tuple[str, ...], str]] = (
    (("J01", "D06AX"), "no-response-to-antibiotics"),
    (("D01", "J02"), "no-response-to-antifungal"),
    (("R06",), "no-response-to-antihistamine"),
    (("D07",), "no-response-to-topical-steroid"),
)
"""Begin of the ATC code to finding."""
EXPOSURES: Mapping[str, str] = {"antibiotic-use": "no-response-to-antibiotics", "topical-steroid-use": "no-response-to-topical-steroid"}
"""The same for what is not a drug by name: "a steroid cream"."""
STEROID = "no-response-to-topical-steroid"
WORSE = "worse-with-topical-steroid"
REBOUND = "recurs-after-stopping-steroid"
STOPPED = re.compile(r"\bstop(?:s|ped)?\b|\bwithdr[ae]w|停")
FAR = 120
"""Characters between the end of the drug's name and what came of it; a line of a note."""

# Longer ways first: "no better" is not "better". A word that says it helped ends the reach of the drugs before it.
OUTCOME = re.compile(
    r"(?P<no>\b(?:(?:made |with |brought |saw )?(?:no|nil|little) (?:real |further |lasting )?"
    r"(?:difference|better|improvement|effect(?! on)|benefit|relief|response|help|change(?! (?:in|of|to)\b)|use\b)"
    r"|not (?:help|respond|improv|work|better)|(?:doesn|didn|hasn)['’]t (?:help|work|improve|respond)"
    r"|(?:did|does|do|done|changed|changes|helped) nothing|without (?:any )?(?:effect|improvement|relief|success|benefit|response)"
    r"|in vain|for nothing|to no (?:avail|effect)|useless|ineffective|unhelpful|of no (?:use|help|benefit))"
    r"|无效|没用|没效|无用|(?<!体重)[无没]变化|[无未没](?:有)?(?:见|明显|任何)?(?:明显)?(?:好转|改善|缓解|效果|见好|见效)|不见(?:好|效)"
    r"|效果(?:不|欠|差)|不管用|不奏效|没见好|没(?:有)?治好)"
    r"|(?P<worse>\bworse(?=\s*(?:[.,;:)]|$|since|and))|\bgot worse|(?:却|反而|而)?(?:更重|更严重|加重|恶化|扩大))"
    r"|(?P<yes>\b(?:help(?:s|ed)|clear(?:s|ed)|improve[sd]?|ease[sd]?|better|relie(?:f|ves|ved)|settle[sd]?|work(?:s|ed)|respond(?:s|ed))\b"
    r"|有效|好转|缓解|减轻|消退|痊愈|见好|好些|治愈)"
)


def drug_responses(text: str, noted: Extraction, drugs: Mapping[str, Drug]) -> list[Mention]:
    """Drugs that did not help, or made it worse, as findings.

    Args:
        text: The note.
        noted: What was read from it.
        drugs: The formulary, by id.

    Returns:
        Mentions that reach from the drug's name to the words that say it was no use.
    """
    plain = simplify(text).lower()
    named = sorted(set(_named(noted, drugs)))
    found = []
    for first, end in sentence_bounds(list(noted.tokens), text) if named else ():
        begin, stop = noted.tokens[first].start, noted.tokens[end - 1].end
        outcomes = list(OUTCOME.finditer(plain, begin, stop))
        for after, outcome in zip([begin, *(o.end() for o in outcomes)], outcomes, strict=False):
            for start, last, finding in named:
                if (
                    after <= start
                    and last <= outcome.start() <= last + FAR
                    and (target := _target(finding, str(outcome.lastgroup), plain[last : outcome.start()]))
                ):
                    found.append(Mention(target, "present", start, outcome.end()))
    return found


def _named(noted: Extraction, drugs: Mapping[str, Drug]) -> Iterable[tuple[int, int, str]]:
    """Start, end and finding of every drug that this patient had."""
    for mention in (*noted.drugs, *noted.findings):
        if mention.status == "absent" or mention.hypothetical or mention.experiencer != "patient":
            continue
        atc = drugs[mention.id].atc if mention.id in drugs else ""
        finding = next((f for begins, f in NO_RESPONSE if atc.startswith(begins)), EXPOSURES.get(mention.id, ""))
        if finding:
            yield mention.start, mention.end, finding


def _target(finding: str, outcome: str, between: str) -> str:
    if outcome == "worse" and finding == STEROID:
        return REBOUND if STOPPED.search(between) else WORSE
    return "" if outcome == "yes" else finding

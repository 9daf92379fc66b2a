"""Findings read out of a note: what, where, whose, whether it is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from yingzhi.clinical.finding import Finding, Status
from yingzhi.clinical.words import Span
from yingzhi.knowledge.drug_models import Drug
from yingzhi.knowledge.models import Disease, FindingTerm
from yingzhi.tools.lexicon import Entry, Lexicon, LexiconTable, find_matches, fold_wordings
from yingzhi.tools.scope import COMMA, Scope, read_scope, sentence_bounds
from yingzhi.tools.text import Token, tokenize

DISEASE = "disease:"
DRUG = "drug:"
ALLERGY = re.compile(r"\s*(?:类|類)?(?:抗生素|药物|藥物|药|藥)?(?:过敏|過敏)(?!性)|\s+allerg", re.IGNORECASE)
HISTORY_KINDS = frozenset({"history", "exposure"})
"""Kinds that lie in the past by nature, so "history of" takes nothing from them."""
EVENTS = frozenset(
    {"hypotension", "altered-consciousness", "dizziness", "vomiting", "dyspnoea", "wheeze-stridor", "tongue-throat-swelling"}
)
"""Findings that pass within hours: "a year ago hives and collapse after amoxicillin" tells of none now."""
SITE_FREE = re.compile(r"(?:皮肤|黏膜|粘膜|部)?(?:均|亦|皆|也)?(?:无(?!明显诱因|诱因)|未见|没有)")
"""After the name of a site: "口腔无糜烂" finds nothing there."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One place in a text where a finding or a disease is named."""

    id: str
    status: Status
    start: int
    end: int
    experiencer: str = "patient"
    temporality: str = "current"
    hypothetical: bool = False


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything that the lexicon finds in one text."""

    findings: tuple[Mention, ...]
    diseases: tuple[Mention, ...]
    drugs: tuple[Mention, ...] = ()
    tokens: tuple[Token, ...] = field(default=(), repr=False)


def lexicon_table(findings: Iterable[FindingTerm], diseases: Iterable[Disease], drugs: Iterable[Drug] = ()) -> LexiconTable:
    """Fold the wordings of all findings and the names of all diseases and drugs.

    A wording of a finding wins over the same name of a disease; the name of a drug stands beside the exposure that it is.
    """
    wordings: list[tuple[str, Entry]] = []
    for term in findings:
        present, absent = Entry(term.id), Entry(term.id, absent=True)
        wordings += [(w, present) for w in (term.names.en, term.names.zh, *term.forms.en, *term.forms.zh)]
        wordings += [(w, absent) for w in (*term.absent_forms.en, *term.absent_forms.zh)]
    known = {w.lower() for w, _ in wordings}
    for disease in diseases:
        entry = Entry(DISEASE + disease.id)
        names = (disease.names.en, disease.names.zh, *disease.aliases.en, *disease.aliases.zh)
        wordings += [(n, entry) for n in names if n.lower() not in known and (len(n) > 3 or not n.isascii())]
    for drug in drugs:
        entry = Entry(DRUG + drug.id)
        names = (drug.names.en, drug.names.zh, *drug.aliases.en, *drug.aliases.zh)
        wordings += [(n, entry) for n in names if (len(n) > 3 if n.isascii() else len(n) > 1)]
    return fold_wordings(wordings)


def extract(text: str, lexicon: Lexicon) -> Extraction:
    """Find every mention in a text.

    Args:
        text: Note or report, Chinese (simplified or traditional), English or mixed.
        lexicon: Compiled from `lexicon_table`.

    Returns:
        Mentions in order of place; their offsets count code points of `text`.
    """
    tokens = tokenize(text)
    bounds = sentence_bounds(tokens, text)
    sentence_of = [i for i, (first, end) in enumerate(bounds) for _ in range(first, end)]
    breaks = {end - 1 for _, end in bounds}
    kinds: dict[str, list[Mention]] = {"": [], DISEASE: [], DRUG: []}
    scopes: dict[tuple[int, int, tuple[int, int] | None], Scope] = {}  # the same words often stand for several things
    for match in find_matches(tokens, breaks, lexicon):
        place = (match.first, match.last, match.gap)
        scope = scopes.get(place) or scopes.setdefault(
            place, read_scope(tokens, match.first, match.last, bounds[sentence_of[match.first]], match.gap)
        )
        mention = _mention(match.entry, scope, tokens[match.first].start, tokens[match.last].end)
        if scope.remote and mention.id in EVENTS:
            mention = replace(mention, temporality="past")
        if ALLERGY.match(text, mention.end):  # "sulfonamide allergy" is no use of sulfonamides
            mention = replace(mention, hypothetical=not mention.id.endswith("allergy"))
        kinds[next((k for k in (DISEASE, DRUG) if match.entry.target.startswith(k)), "")].append(mention)
    return Extraction(tuple(kinds[""]), tuple(kinds[DISEASE]), tuple(kinds[DRUG]), tuple(tokens))


def _mention(entry: Entry, scope: Scope, start: int, end: int) -> Mention:
    status: Status = scope.status
    if entry.absent:  # "not painless" is left as absent: a double negation is rarer than a stray cue
        status = "absent" if scope.status == "present" else scope.status
    target = entry.target.removeprefix(DISEASE).removeprefix(DRUG)
    return Mention(target, status, start, end, scope.experiencer, scope.temporality, scope.hypothetical)


def merge_mentions(text: str, mentions: Iterable[Mention], terms: Mapping[str, FindingTerm], source: str = "note") -> list[Finding]:
    """One record a finding, with all its places.

    Where mentions disagree, present wins over uncertain over absent, and current over past: a doctor who once wrote
    that it is there has seen it. Family mentions are kept apart; hypothetical ones are dropped.
    """
    groups: dict[tuple[str, str], list[Mention]] = {}
    for mention in mentions:
        if mention.id in terms and not mention.hypothetical:
            if terms[mention.id].kind == "site" and mention.status == "present" and SITE_FREE.match(text, mention.end):
                mention = replace(mention, status="absent")
            groups.setdefault((mention.id, mention.experiencer), []).append(mention)
    return [_finding(text, group, terms[key[0]], source) for key, group in groups.items()]


def _finding(text: str, group: list[Mention], term: FindingTerm, source: str) -> Finding:
    rank = {"present": 0, "uncertain": 1, "absent": 2, "unknown": 3}
    past_is_now = term.kind in HISTORY_KINDS
    current = [m for m in group if m.temporality == "current" or past_is_now]
    best = min(current or group, key=lambda m: rank[m.status])
    return Finding(
        id=term.id,
        en=term.names.en,
        zh=term.names.zh,
        kind=term.kind,
        status=best.status,
        experiencer="family" if best.experiencer == "family" else "patient",
        temporality="current" if current else "past",
        spans=[Span(source=source, start=m.start, end=m.end, text=text[m.start : m.end]) for m in group if m.status == best.status],
    )


__all__ = ["COMMA", "Extraction", "Mention", "extract", "lexicon_table", "merge_mentions"]

"""Findings read out of a note: what, where, whose, whether it is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from yingzhi.clinical.finding import Finding, Status
from yingzhi.clinical.words import Span
from yingzhi.knowledge.drug_models import Drug
from yingzhi.knowledge.models import Disease, FindingTerm
from yingzhi.tools.compounds import compounds
from yingzhi.tools.heads import lesion_heads
from yingzhi.tools.lexicon import DRUG, NOTHING, Entry, Lexicon, LexiconTable, Match, find_loose, find_matches, fold_wordings
from yingzhi.tools.named_tests import is_bare_test
from yingzhi.tools.places import stays
from yingzhi.tools.scope import COMMA, Scope, read_scope, sentence_bounds, settled
from yingzhi.tools.scripts import other_script
from yingzhi.tools.sharing import shared_nouns
from yingzhi.tools.spelling import respell, slipped
from yingzhi.tools.text import Token, tokenize
from yingzhi.tools.vaccines import vaccine_counts

DISEASE = "disease:"
TRAVEL = "travel-endemic"
VACCINE = "-vaccine"
ALLERGY = re.compile(r"\s*(?:类|類)?(?:抗生素|药物|藥物|药|藥)?(?:过敏|過敏)(?!性)|\s+allerg", re.IGNORECASE)
HISTORY_KINDS = frozenset({"history", "exposure"})
"""Kinds that lie in the past by nature, so "history of" takes nothing from them."""
EVENTS = frozenset(
    [
        "hypotension",
        "altered-consciousness",
        "dizziness",
        "vomiting",
        "dyspnoea",
        "wheeze-stridor",
        "tongue-throat-swelling",
        "syncope",
        "vertigo",
        "orthopnoea",
        "respiratory-failure",
        "rapid-breathing",
        "exertional-breathlessness",
        "uvula-oedema",
        "hoarseness",
    ]
)
"""Findings that pass within hours: "a year ago hives and collapse after amoxicillin" tells of none now."""
ABOUT_OTHERS = frozenset(
    {"contact-with-similar-case", "household-itch", "autosomal-family-swelling", "school-nursery-outbreak", "partner-infected"}
)
"""What others have is the very thing that is said: "sister has similar sores" is the patient's contact."""
UNREAD = 0.3
"""Share of letters in another script from which on a note is not read at all."""
SITE_FREE = re.compile(
    r"(?:皮肤|黏膜|粘膜|部)?(?:(?:、|及|和|与|以及)[^，,。；;、无未]{1,7}){0,4}"
    r"(?:均|亦|皆|也)?(?:无(?!明显诱因|诱因|痛性)|未见|没有|未受累|未累及|不受累|正常|未发现)"
    r"|(?:(?:, (?:the )?[\w ]{2,20}?){0,3},? (?:and|or) (?:the )?[\w ]{2,20}?)? (?:(?:is|are|was|were) )?"
    r"(?:not (?:involved|affected)|spared|uninvolved|unaffected|(?:otherwise )?clear\b(?! of scale)|(?:otherwise )?normal\b)",
    re.IGNORECASE,
)
"""After the name of a site: "口腔、外阴无糜烂" finds nothing in either; "mouth and eyes clear"."""
SITE_CLEAR: Mapping[str, str] = {
    "oral-mucosa": "oral-lesion",
    "genital": "genital-lesion",
    "vulva": "genital-lesion",
    "nail": "nail-change",
}
"""A clear site says that the lesion of that site is not there; the lesion is what counts then."""
SITE_TESTED = re.compile(
    r"\s*(?:x[- ]?rays?|radiograph|films?|ct|mri|ultraso\w+|scans?)\b|(?:部|颅)?(?:片|CT|X线|平片|B超|彩超|超声|MRI|透)", re.IGNORECASE
)
SITE_SCANNED = re.compile(r"(?:\b(?:ct|mri|x-ray|scan|ultrasound|radiograph)\s+(?:of\s+(?:the\s+|his\s+|her\s+)?)?)$", re.IGNORECASE)
"""Round the name of a site that was looked into, not seen: "chest film", "CT of the chest", "胸片"."""
BURST = re.compile(r"[疱皰]疹?[，,]?[^，,。；;]{0,6}$")
"""Before 破溃: a blister that breaks leaves a raw place, no ulcer."""
BREAKS = frozenset({"破溃", "破潰", "溃破", "潰破"})
LEFT_OUT = re.compile(r"\b(?:apart from|aside from|other than|except|besides)\b|除[^，,。；;]{1,14}外", re.IGNORECASE)
"""Before "no symptoms": there are some."""


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


SEEN = frozenset({"morphology", "site", "arrangement", "colour"})
PAST_ILLS = re.compile(r"既往(?![^，,。；;]{0,6}(?:疹|皮损|类似))[^。；;曾]*[，,][^。；;曾]*$")
"""A list of past illnesses, and after a comma what is seen today: "既往肝硬化，左小腿血疱"."""


SHORT = frozenset({"MTX", "HCQ", "MMF", "AZA", "CSA", "CsA", "CyA", "CYA", "6MP", "DDS", "INH", "PZA", "PTU", "TDF", "3TC", "EFV", "NVP"})
"""Names of drugs in three letters that stand for nothing else in a note of the skin."""


def lexicon_table(findings: Iterable[FindingTerm], diseases: Iterable[Disease], drugs: Iterable[Drug] = ()) -> LexiconTable:
    """Fold the wordings of all findings and the names of all diseases and drugs.

    A wording of a finding wins over the same name of a disease; the name of a drug stands beside the exposure that it is.
    """
    wordings: list[tuple[str, Entry]] = []
    terms = {t.id: t for t in findings}
    for term in terms.values():
        present, absent = Entry(term.id), Entry(term.id, absent=True)
        said = (term.names.en, term.names.zh, *term.forms.en, *term.forms.zh)
        wordings += [(w, present) for w in said]
        wordings += [(w, absent) for w in (*term.absent_forms.en, *term.absent_forms.zh)]
        wordings += [(w, Entry(head)) for w in said for head in lesion_heads(w, term, terms)]
    known = {w.lower() for w, _ in wordings}
    for disease in diseases:
        entry = Entry(DISEASE + disease.id)
        names = (disease.names.en, disease.names.zh, *disease.aliases.en, *disease.aliases.zh)
        wordings += [(n, entry) for n in names if n.lower() not in known and (len(n) > 3 or not n.isascii())]
    for drug in drugs:
        entry = Entry(DRUG + drug.id)
        names = (drug.names.en, drug.names.zh, *drug.aliases.en, *drug.aliases.zh)
        if drug.ingredients:  # a fixed combination is as often written with a stroke
            names += tuple(n.replace(" and ", "/") for n in (drug.names.en, *drug.aliases.en) if " and " in n)
        wordings += [(n, entry) for n in dict.fromkeys(names) if (len(n) > 3 or n in SHORT if n.isascii() else len(n) > 1)]
    return fold_wordings(wordings)


def extract(text: str, lexicon: Lexicon) -> Extraction:
    """Find every mention in a text.

    Args:
        text: Note or report, Chinese (simplified or traditional), English or mixed.
        lexicon: Compiled from `lexicon_table`.

    Returns:
        Mentions in order of place; their offsets count code points of `text`. None of a note in another script: its Chinese
        characters, if it is Japanese, would be read without the grammar that turns them.
    """
    if (script := other_script(text)) and script.share >= UNREAD:
        return Extraction((), ())
    tokens = respell(tokenize(text), lexicon.words)
    bounds = sentence_bounds(tokens, text)
    sentence_of = [i for i, (first, end) in enumerate(bounds) for _ in range(first, end)]
    breaks = {end - 1 for _, end in bounds}
    kinds: dict[str, list[Mention]] = {"": [], DISEASE: [], DRUG: []}
    scopes: dict[tuple[int, int, tuple[int, int] | None], Scope] = {}  # the same words often stand for several things
    denied: list[tuple[int, int]] = []
    matches = _matches(tokens, breaks, lexicon)
    plain = settled(tokens, ((m.first, m.last) for m in matches if m.gap is None and not m.entry.absent))
    for match in matches:
        place = (match.first, match.last, match.gap)
        scope = scopes.get(place) or scopes.setdefault(
            place, read_scope(plain, match.first, match.last, bounds[sentence_of[match.first]], match.gap)
        )
        mention = _mention(match.entry, scope, tokens[match.first].start, tokens[match.last].end)
        if scope.remote and mention.id in EVENTS:
            mention = replace(mention, temporality="past")
        if ALLERGY.match(text, mention.end):  # "sulfonamide allergy" is no use of sulfonamides
            mention = replace(mention, hypothetical=not mention.id.endswith("allergy"))
        if mention.id == "asymptomatic" and LEFT_OUT.search(text, max(0, mention.start - 60), mention.start):
            continue
        if mention.id == "ulcer" and text[mention.start : mention.end] in BREAKS and BURST.search(text[: mention.start]):
            mention = replace(mention, id="erosion")
        if mention.status != "absent" and is_bare_test(text, mention.id, mention.start, mention.end):
            continue
        if match.entry.target.endswith(VACCINE) and not vaccine_counts(text, mention.start, mention.end):
            continue
        if match.gap is not None and mention.status == "absent" and not _denied_before(plain, match, bounds[sentence_of[match.first]]):
            denied.append((mention.start, mention.end))
        kinds[next((k for k in (DISEASE, DRUG) if match.entry.target.startswith(k)), "")].append(mention)
    kinds[""] += [Mention(TRAVEL, "absent" if denied_stay else "present", a, b) for a, b, denied_stay in stays(text)]
    found = [m for m in kinds[""] if not (m.status == "absent" and any(a < m.start and m.end == b for a, b in denied))]
    return Extraction(tuple(found), tuple(kinds[DISEASE]), tuple(kinds[DRUG]), tuple(tokens))


def _denied_before(tokens: list[Token], match: Match, bounds: tuple[int, int]) -> bool:
    """Whether a gapped wording is denied as a whole, so that what stands in it is too: "no blisters or pustules"."""
    return read_scope(tokens, match.first, match.last, bounds).status == "absent"


def _matches(tokens: list[Token], breaks: set[int], lexicon: Lexicon) -> list[Match]:
    """Wordings as they stand, then those that come of a slip of the pen or share a noun; decoys are dropped."""
    found = find_loose(tokens, breaks, lexicon, find_matches(tokens, breaks, lexicon))
    covered = {i for m in found if m.gap is None for i in range(m.first, m.last + 1)}
    read, changed = slipped(tokens, covered)
    if changed:
        found = _mended(found, find_matches(read, breaks, lexicon), changed)
    found += shared_nouns(tokens, lexicon)
    return sorted((m for m in found if m.entry.target != NOTHING), key=lambda m: (m.first, m.last, m.entry.target, m.entry.absent))


def _mended(found: list[Match], mended: list[Match], changed: set[int]) -> list[Match]:
    """Add the wordings that come of an exchanged character; a shorter one inside gives way ("浓疱" is no blister but a pustule)."""
    new: list[Match] = []
    for match in mended:
        if match.gap is None and match.last > match.first and not changed.isdisjoint(range(match.first, match.last + 1)):
            rivals = [m for m in found if m.gap is None and m.first <= match.last and match.first <= m.last]
            if all(match.first <= m.first and m.last <= match.last for m in rivals):
                new.append(match)
    return [m for m in found if m.gap is not None or not any(n.first <= m.first and m.last <= n.last for n in new)] + new


def _mention(entry: Entry, scope: Scope, start: int, end: int) -> Mention:
    status: Status = scope.status
    if entry.absent:  # "not painless" affirms, a denial further off is left aside: a stray cue is commoner than a double negation
        status = "present" if scope.status == "absent" and scope.twice else "absent"
    target = entry.target.removeprefix(DISEASE).removeprefix(DRUG)
    return Mention(target, status, start, end, scope.experiencer, scope.temporality, scope.hypothetical)


def merge_mentions(text: str, mentions: Iterable[Mention], terms: Mapping[str, FindingTerm], source: str = "note") -> list[Finding]:
    """One record a finding, with all its places.

    Where mentions disagree, present wins over uncertain over absent, and current over past: a doctor who once wrote
    that it is there has seen it. Family mentions are kept apart; hypothetical ones are dropped.
    """
    meant = [
        _as_meant(text, m, terms[m.id].kind)
        for m in mentions
        if m.id in terms and not m.hypothetical and not (terms[m.id].kind == "site" and _looked_into(text, m))
    ]
    meant += [Mention(c.id, "present", c.start, c.end) for c in compounds(text, meant, terms)]
    groups: dict[tuple[str, str], list[Mention]] = {}
    for mention in meant:
        if mention.id in terms:
            groups.setdefault((mention.id, mention.experiencer), []).append(mention)
    return [_finding(text, group, terms[key[0]], source) for key, group in groups.items()]


def _looked_into(text: str, mention: Mention) -> bool:
    return bool(SITE_TESTED.match(text, mention.end) or SITE_SCANNED.search(text, max(0, mention.start - 24), mention.start))


def _as_meant(text: str, mention: Mention, kind: str) -> Mention:
    """A mention with what its kind makes of it: a doubt is about the lesion, not its place; a contact is the patient's."""
    if mention.id.startswith("family-") or mention.id in ABOUT_OTHERS:
        mention = replace(mention, experiencer="patient")
    if mention.temporality == "past" and kind in SEEN and PAST_ILLS.search(text, max(0, mention.start - 60), mention.start):
        mention = replace(mention, temporality="current")
    if kind != "site":
        return mention
    if mention.status == "uncertain":
        mention = replace(mention, status="present")
    if mention.status == "present" and SITE_FREE.match(text, mention.end):
        mention = replace(mention, status="absent")
    lesion = SITE_CLEAR.get(mention.id) if mention.status == "absent" else None
    return replace(mention, id=lesion) if lesion else mention


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

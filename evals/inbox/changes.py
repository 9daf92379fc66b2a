"""What a doctor changed of what the engine concluded, and what the doctor confirmed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from yingzhi.clinical.consultation import Edit
from yingzhi.clinical.document import Documentation, Sentence
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.words import Record
from yingzhi.evals.inbox.read import Act, Reviewed, Seen

Why = Literal["edit", "override", "overturned", "rejection"]
Concluded = Literal["", "diagnosis", "tests", "treatment", "alert", "care"]
CONCLUSIONS: tuple[tuple[str, Concluded], ...] = (
    ("differential.", "diagnosis"),
    ("history.impression", "diagnosis"),
    ("workup", "tests"),
    ("pharmacology.options", "treatment"),
    ("pharmacology.", "alert"),
    ("history.red_flags", "alert"),
    ("alerts.", "alert"),
    ("documentation.referral", "care"),
)
"""State paths on which a sentence of a draft rests, and what such a sentence concludes; the others only say what was recorded."""
FINDING = re.compile(r"history\.findings\.(\d+)")
CUT = " […]"


class Change(Record):
    """One thing that the doctor put right."""

    kind: Literal["edit", "overturned", "rejection"]
    round: int = Field(ge=1)
    where: str = Field(default="", description="document/section/sentence of an edit, the finding of an answer.")
    concluded: Concluded = Field(default="", description="What the edited words concluded; empty where they only recorded.")
    rests_on: list[str] = Field(default_factory=list, description="State paths that the edited words rested on.")
    findings: list[str] = Field(default_factory=list, description="Findings that the edited words rested on.")
    before: str = ""
    after: str = Field(default="", description="Empty where words were deleted; of a rejection its reason.")

    @property
    def why(self) -> Why:
        """What kind of candidate it makes."""
        if self.kind == "edit":
            return "override" if self.concluded else "edit"
        return self.kind


class Confirmed(Record):
    """A finding that the doctor stands for."""

    finding: str
    status: Literal["present", "absent"]
    by: Literal["answer", "signature"]
    read: str = Field(default="", description="How the engine read it; empty where it read nothing.")
    words: str = Field(default="", description="The words of the note it was read from; empty where there are none.")


def changes(consultation: Reviewed) -> list[Change]:
    """All that the doctor changed, in order. Answers to open questions and new results change nothing that was concluded."""
    return [change for act in consultation.acts for change in _of_act(act)]


def _of_act(act: Act) -> Iterator[Change]:
    from yingzhi.graphs.review import edited

    number = act.before.version
    if act.review.action == "answer":  # the graph makes the drafts anew then, so edits that came with it never stood
        read = {f.id: f for f in act.before.findings if f.experiencer == "patient" and not _answered(f)}
        for answer in act.review.answers:
            said = read.get(answer.finding)
            if said and said.status in {"present", "absent"} and said.status != answer.status:
                yield Change(kind="overturned", round=number, where=answer.finding, before=said.status, after=answer.status)
        return
    drafts = act.before.documentation
    for edit in act.review.edits if drafts else ():
        assert drafts is not None
        change = _of_edit(drafts, edit, act.before)
        drafts = edited(drafts, [edit])  # places count in the draft as the edits before left it
        if change:
            yield change
    if act.review.action == "reject":
        yield Change(kind="rejection", round=number, after=act.review.reason)


def _of_edit(drafts: Documentation, edit: Edit, state: Seen) -> Change | None:
    """The change that an edit makes; None where it changes nothing, or only fills in the signature."""
    old = _sentence(drafts, edit)
    before = old.text if old else ""
    if before.strip() == edit.text.strip() or edit.section == "signature":
        return None
    paths = old.paths if old else []
    note = " ".join(state.presentation.text.split())
    return Change(
        kind="edit",
        round=state.version,
        where=f"{edit.document}/{edit.section}/{edit.sentence}",
        concluded=_concluded(paths),
        rests_on=paths,
        findings=[f.id for f in _rested(state, paths)],
        before=_whole(before, note),
        after=_whole(edit.text, note),
    )


def _concluded(paths: list[str]) -> Concluded:
    for path in paths:
        for start, concluded in CONCLUSIONS:
            if path.startswith(start):
                return concluded
    return ""


def _sentence(drafts: Documentation, edit: Edit) -> Sentence | None:
    sections = [part for d in drafts.documents if d.kind == edit.document for part in d.sections if part.id == edit.section]
    sentences = [s for part in sections for s in part.sentences]
    return sentences[edit.sentence] if edit.sentence < len(sentences) else None


def _whole(text: str, note: str) -> str:
    """The text with the rest of a note that the draft cut short: half an identity number would not be known for one."""
    at = text.find(CUT)
    if at < 0:
        return text
    end = text[max(0, at - 20) : at]
    start = note.find(end)
    return text[: at - len(end)] + (note[start:] if start >= 0 else "") + text[at + len(CUT) :]


def confirmed(consultation: Reviewed, changed: list[Change]) -> list[Confirmed]:
    """The findings that the doctor answered, and those of the note in signed drafts that the doctor let stand."""
    read: dict[str, Finding] = {}
    for state in (*(a.before for a in consultation.acts), consultation.last):
        for f in state.findings:
            if f.experiencer == "patient" and not _answered(f):
                read.setdefault(f.id, f)
    found: dict[str, Confirmed] = {}
    merged = {f.id: f for f in consultation.last.findings if _answered(f)}
    for answer in consultation.last.presentation.answers:
        if answer.status == "unknown":
            continue
        said = read.get(answer.finding)
        words = _words(said) or _words(merged.get(answer.finding))
        how = said.status if said else answer.status if words else ""
        found[answer.finding] = Confirmed(finding=answer.finding, status=answer.status, by="answer", read=how, words=words)
    withdrawn = {f for c in changed for f in c.findings} | {a.finding for a in consultation.last.presentation.answers}
    for f in _signed(consultation) if consultation.outcome == "signed" else ():
        if f.id not in withdrawn and f.experiencer == "patient" and f.status in {"present", "absent"} and _words(f):
            status: Literal["present", "absent"] = "present" if f.status == "present" else "absent"
            found.setdefault(f.id, Confirmed(finding=f.id, status=status, by="signature", read=f.status, words=_words(f)))
    return list(found.values())


def _signed(consultation: Reviewed) -> Iterator[Finding]:
    """The findings on which the sentences of the signed drafts rest."""
    documentation = consultation.last.documentation
    for document in documentation.documents if documentation else ():
        for sentence in (s for section in document.sections for s in section.sentences):
            yield from _rested(consultation.last, sentence.paths)


def _rested(state: Seen, paths: list[str]) -> list[Finding]:
    """The findings that state paths name."""
    numbers = [int(found[1]) for p in paths if (found := FINDING.fullmatch(p))]
    return [state.findings[i] for i in numbers if i < len(state.findings)]


def _answered(finding: Finding) -> bool:
    """Whether the doctor said it, and not the engine."""
    return finding.derived_from.startswith("answers.")


def _words(finding: Finding | None) -> str:
    return next((s.text for s in finding.spans if s.source == "note"), "") if finding else ""

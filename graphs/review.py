"""The doctor's turn: one interrupt, with nothing effectful before it."""

from __future__ import annotations

from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Edit, Review
from yingzhi.clinical.document import Document, Documentation, Section, Sentence
from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.state import State


async def review(state: State, *, runtime: Runtime[Resources]) -> Command[Literal["history", "review", "__end__"]]:
    """Wait for the doctor, then go where the act says: back to history, once more here, or to the end."""
    questions = state["history"].questions if "history" in state else []
    documents = [d.kind for d in state["documentation"].documents] if "documentation" in state else []
    answer = interrupt({"questions": [q.model_dump() for q in questions], "documents": documents, "version": state.get("version", 1)})
    act = Review.model_validate(answer)
    reviews = [*state.get("reviews", []), act]
    if act.action == "answer":
        return Command(
            goto="history", update={"presentation": answered(state, act), "version": state.get("version", 1) + 1, "reviews": reviews}
        )
    update: dict[str, Any] = {"reviews": reviews}
    if act.edits:
        update["documentation"] = edited(drafts_of(state), act.edits)
    if act.action == "edit":
        return Command(goto="review", update=update)
    if act.action == "sign" and "documentation" in state:
        drafts = update.get("documentation", state["documentation"])
        update["documentation"] = drafts.model_copy(
            update={"documents": [d.model_copy(update={"status": "signed"}) for d in drafts.documents]}
        )
    update["outcome"] = "signed" if act.action == "sign" else "rejected"
    return Command(goto="__end__", update=update)


def drafts_of(state: State) -> Documentation:
    """The drafts as they stand.

    Raises:
        CaseError: There are none, because the specialist failed.
    """
    drafts = state.get("documentation")
    if drafts is None:
        raise CaseError("there are no drafts", "edits")
    return drafts


def answered(state: State, act: Review) -> Presentation:
    """The presentation with answers, results and words added; a later answer to the same question replaces the earlier one."""
    before: Presentation = state["presentation"]  # pyright: ignore[reportTypedDictNotRequiredAccess] - every run begins with one
    new = {a.finding for a in act.answers}
    kept = [a for a in before.answers if a.finding not in new]
    more = act.note.strip()  # goes to the end: what was read before still stands where it stood
    text = f"{before.text.rstrip()}\n{more}" if more and before.text.strip() else more or before.text
    seen = {(a.problem, a.role): a for a in (*before.acknowledged, *act.acknowledged)}
    more_facts = {"answers": [*kept, *act.answers], "reports": [*before.reports, *act.reports], "acknowledged": list(seen.values())}
    return before.model_copy(update={"text": text, **more_facts})


def edited(drafts: Documentation, edits: list[Edit]) -> Documentation:
    """The drafts with the doctor's wording; what a doctor wrote is traced to the doctor.

    Raises:
        CaseError: An edit names a document, section or sentence that is not there.
    """
    documents = {d.kind: d for d in drafts.documents}
    for number, edit in enumerate(edits):
        if edit.document not in documents:
            raise CaseError("no such document", f"edits.{number}.document")
        documents[edit.document] = _edit_document(documents[edit.document], edit, number)
    return drafts.model_copy(update={"documents": list(documents.values())})


def _edit_document(document: Document, edit: Edit, number: int) -> Document:
    sections = {s.id: s for s in document.sections}
    if edit.section not in sections:
        raise CaseError("no such section", f"edits.{number}.section")
    sentences = list(sections[edit.section].sentences)
    if edit.sentence > len(sentences):
        raise CaseError("no such sentence", f"edits.{number}.sentence")
    sentences[edit.sentence : edit.sentence + 1] = [Sentence(text=edit.text, paths=["reviews"])] if edit.text else []
    sections[edit.section] = Section(id=edit.section, title=sections[edit.section].title, sentences=sentences)
    return document.model_copy(update={"sections": list(sections.values())})

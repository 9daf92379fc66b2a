"""A consultation as Markdown for chat front ends, in its own language."""

from __future__ import annotations

from collections.abc import Iterator

from yingzhi.clinical.consultation import Consultation
from yingzhi.service.markdown import diagnoses, drugs, head, papers, plan

ORDER = (
    head.alerts,
    head.impression,
    diagnoses.differential,
    diagnoses.matrix,
    diagnoses.path,
    plan.results,
    plan.ladder,
    drugs.drug_safety,
    plan.links,
    plan.conflicts,
    plan.care,
    papers.drafts,
    papers.remarks,
    papers.sources,
    papers.pins,
)


def markdown_blocks(c: Consultation, *, changed: bool = False) -> Iterator[str]:
    """The document block by block; two are parted by an empty line.

    Args:
        c: The consultation.
        changed: Begin with what the last round changed, and why.
    """
    if changed:
        yield from head.changes(c)
    yield from head.label(c)
    for part in ORDER:
        yield from part(c)


def consultation_markdown(c: Consultation, *, changed: bool = False) -> str:
    """The whole document: no link, image or HTML stands in it, and no text of the record or of a model opens anything."""
    return "\n\n".join(markdown_blocks(c, changed=changed)) + "\n"

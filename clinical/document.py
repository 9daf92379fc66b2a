"""Drafts: every sentence says where in the state it comes from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.remark import Remark
from yingzhi.clinical.words import Language, Record
from yingzhi.clinical.workup import Referral

DocumentKind = Literal["outpatient-record", "soap-note", "referral-letter", "patient-leaflet", "test-request"]


class Sentence(Record):
    """One sentence of a draft."""

    text: str
    paths: list[str] = Field(min_length=1, description="State paths it rests on, e.g. `differential.diagnoses.0`.")


class Section(Record):
    """A headed part of a draft."""

    id: str
    title: str
    sentences: list[Sentence] = Field(default_factory=list)


class Document(Record):
    """A draft for the doctor to edit and sign."""

    kind: DocumentKind
    title: str
    language: Language
    status: Literal["draft", "signed"] = "draft"
    label: str = Field(description="The visible statement that AI drafted it.")
    sections: list[Section]

    def text(self) -> str:
        """The draft as plain text."""
        parts = [self.title, self.label]
        for section in self.sections:
            joiner = "" if self.language == "zh" else " "
            parts.append(f"【{section.title}】" if self.language == "zh" else f"{section.title}:")
            parts.append(joiner.join(s.text for s in section.sentences))
        return "\n".join(parts)


class Documentation(Record):
    """What the documentation specialist gives."""

    documents: list[Document]
    referral: Referral
    remarks: list[Remark] = Field(default_factory=list, description="What a model added in words; empty without one.")

"""Drafts of clinical documents, and their renderings as text, DOCX and FHIR."""

from yingzhi.tools.documents.drafts import LABEL, Material, build_documents

__all__ = ["LABEL", "Material", "build_documents"]

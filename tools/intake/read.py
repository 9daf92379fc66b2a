"""Reads a case from bytes, whatever form it has."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.presentation import Presentation
from yingzhi.tools.intake.fhir import from_bundle
from yingzhi.tools.intake.phenopacket import from_phenopacket

LARGEST = 2_000_000
"""Bytes of one case."""


def decode(data: bytes) -> str:
    """Bytes to text: UTF-8 (with or without mark), UTF-16 with mark, else GB18030.

    Raises:
        CaseError: Too large, or not text in any of these.
    """
    if len(data) > LARGEST:
        raise CaseError(f"larger than {LARGEST // 1_000_000} MB; give the record of one consultation")
    encodings: tuple[str, ...]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ("utf-16",)
    elif b"\0" in data:
        raise CaseError("not text: it holds binary data")
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _plausible(text):
            return text
    raise CaseError("not text in UTF-8, UTF-16 or GB18030")


def _plausible(text: str) -> bool:
    """GB18030 decodes nearly any bytes; real notes are mostly common characters."""
    common = sum(1 for c in text if c.isascii() or "一" <= c <= "鿿" or c in "，。、；：？！（）“”《》【】—…℃×μ±≥≤·～％")
    return common >= 0.9 * len(text)


def read_case(data: bytes, name: str = "case") -> Presentation:
    """A case from bytes: a JSON object is a Case, a FHIR Bundle or a phenopacket; anything else is a note.

    Args:
        data: The bytes as they came.
        name: Id for a case that has none of its own.

    Raises:
        CaseError: Naming the field, path or line; never quoting the record.
    """
    text = decode(data)
    if not text.strip():
        raise CaseError("the input is empty")
    if text.lstrip()[0] not in "{[":
        return Presentation(id=name, text=text.strip())
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        if text.lstrip()[0] == "[" or not _looks_like_json(text):
            return Presentation(id=name, text=text.strip())
        raise CaseError(f"not well-formed JSON, column {error.colno}: {error.msg}", f"line {error.lineno}") from None
    if not isinstance(document, dict):
        raise CaseError("a JSON object is expected: a Case, a FHIR Bundle or a phenopacket")
    return case_from(document, name)


def _looks_like_json(text: str) -> bool:
    return text.lstrip()[1:].lstrip()[:1] in {'"', "}", "'"}


def case_from(document: dict[str, Any], name: str = "case") -> Presentation:
    """A case from a JSON object.

    Raises:
        CaseError: Naming the path of the field.
    """
    if "resourceType" in document:
        return from_bundle(document, name)
    if "phenotypicFeatures" in document or ("subject" in document and "metaData" in document):
        return from_phenopacket(document, name)
    try:
        return Presentation.model_validate({"id": name, **document})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise CaseError(_plain(first["type"], first["msg"]), ".".join(str(p) for p in first["loc"])) from None


def _plain(kind: str, message: str) -> str:
    return "no such field" if kind == "extra_forbidden" else message[0].lower() + message[1:]

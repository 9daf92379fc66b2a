"""A draft as a Word file, from a template that a hospital can change in Word.

Placeholders of the template (docxtpl, Jinja): `title`, `label`, `status`, `sections` (each `title` and `sentences`), `printed`,
`knowledge`, `version`. The label that AI drafted it stands in the header and in the file's metadata: core properties, and a custom
property `AIGC` as GB 45438-2025 asks of generated content.
"""

from __future__ import annotations

import io
import json
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.document import Document
from yingzhi.clinical.errors import SettingsError

CUSTOM = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"


def docx_bytes(draft: Document, consultation: Consultation, at: datetime, template: Path | None = None) -> bytes:
    """Render a draft.

    Args:
        draft: The draft.
        consultation: For its id and pins.
        at: Time that is printed.
        template: A hospital's own template; the built-in one when None.

    Raises:
        SettingsError: The template can't be read or names what is not there.
    """
    from docxtpl import DocxTemplate
    from jinja2 import Environment, StrictUndefined, TemplateError

    source = template if template else resources.files("yingzhi.tools.documents").joinpath("templates/document.docx")
    try:
        word = DocxTemplate(io.BytesIO(source.read_bytes()))
        environment = Environment(undefined=StrictUndefined, autoescape=True)
        word.render(_values(draft, consultation, at), environment, autoescape=True)
    except (TemplateError, KeyError, ValueError, OSError) as error:
        name = template.name if template else "document.docx"
        raise SettingsError(f"{name}: not a usable Word template ({type(error).__name__})") from error
    rendered: Any = word.docx
    properties = rendered.core_properties
    properties.title, properties.comments, properties.category = draft.title, draft.label, "AI-generated draft"
    properties.author, properties.created, properties.modified = "yingzhi", at.replace(tzinfo=None), at.replace(tzinfo=None)
    _label(
        rendered.part.package,
        {"Label": "1", "ContentProducer": "yingzhi", "ProduceID": f"{consultation.id}-{draft.kind}-v{consultation.version}"},
    )
    buffer = io.BytesIO()
    rendered.save(buffer)
    return buffer.getvalue()


def _values(draft: Document, consultation: Consultation, at: datetime) -> dict[str, object]:
    status = {"draft": ("草稿", "Draft"), "signed": ("已签名", "Signed")}[draft.status][draft.language == "en"]
    sections = [{"title": s.title, "sentences": [x.text for x in s.sentences]} for s in draft.sections]
    return {
        "title": draft.title,
        "label": draft.label,
        "status": status,
        "sections": sections,
        "printed": at.strftime("%Y-%m-%d %H:%M"),
        "knowledge": consultation.pins.knowledge,
        "version": consultation.pins.code,
    }


def _label(package: Any, fields: dict[str, str]) -> None:
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    value = escape(json.dumps(fields, ensure_ascii=False))
    xml = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
        'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
        '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="AIGC">'
        f"<vt:lpwstr>{value}</vt:lpwstr></property></Properties>"
    )
    part = Part(PackURI("/docProps/custom.xml"), CUSTOM_TYPE, xml.encode(), package)
    package.relate_to(part, CUSTOM)


def write_template(path: Path) -> None:
    """Make the built-in template anew: `python -m yingzhi.tools.documents.docx`."""
    from docx import Document as Word
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    word = Word()
    style: Any = word.styles["Normal"]
    style.font.name, style.font.size = "Calibri", Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    header = word.sections[0].header.paragraphs[0].add_run("{{ label }}")
    header.font.size, header.font.color.rgb = Pt(9), RGBColor(0xC0, 0, 0)
    word.add_heading("{{ title }}", level=1)
    word.add_paragraph("{{ status }}    {{ printed }}")
    word.add_paragraph("{%p for section in sections %}")
    word.add_heading("{{ section.title }}", level=2)
    word.add_paragraph("{%p for sentence in section.sentences %}")
    word.add_paragraph("{{ sentence }}")
    word.add_paragraph("{%p endfor %}")
    word.add_paragraph("{%p endfor %}")
    word.sections[0].footer.paragraphs[0].text = "yingzhi {{ version }} · {{ knowledge }}"
    word.core_properties.author = "yingzhi"
    word.save(str(path))


if __name__ == "__main__":
    write_template(Path(__file__).parent / "templates" / "document.docx")

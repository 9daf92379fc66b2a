"""`yingzhi consult`: one consultation."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from yingzhi.cli.batch import settings_for
from yingzhi.clinical.errors import CaseError

if TYPE_CHECKING:
    from yingzhi.agents.specialist import Resources
    from yingzhi.clinical.consultation import Consultation
    from yingzhi.clinical.presentation import Presentation

Format = Literal["text", "json", "fhir", "docx"]


def consult(
    file: Annotated[
        str, typer.Argument(help="A note, Case JSON, FHIR R4B Bundle or phenopacket; `-` reads standard input.", metavar="FILE")
    ],
    format: Annotated[
        Format, typer.Option("--format", "-f", help="text to read, json for programs, fhir a document Bundle, docx the record for Word.")
    ] = "text",
    lang: Annotated[Literal["zh", "en"] | None, typer.Option(help="Language of the result; that of the note by default.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file; needed for docx.")] = None,
    setting: Annotated[
        Literal["primary", "secondary", "tertiary"] | None,
        typer.Option(help="Level of your site: 基层 primary, 县级 secondary, 三级 tertiary."),
    ] = None,
    site: Annotated[
        str | None,
        typer.Option(help="What your site has: village, township, county, tertiary, or a YAML file; YINGZHI_SITE by default."),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option("--answer", "-a", help="Answer to a question, e.g. nikolsky-sign=present (or absent). Repeat for more."),
    ] = None,
    document: Annotated[
        str,
        typer.Option(help="Which draft docx and fhir take: outpatient-record, soap-note, referral-letter, patient-leaflet, test-request."),
    ] = "outpatient-record",
    template: Annotated[
        Path | None, typer.Option(help="Your own Word template for docx (docxtpl placeholders as in the built-in one).")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Language model, e.g. ollama:qwen3 or http://host/v1#name or a YAML file; YINGZHI_MODEL by default, none for none."
        ),
    ] = None,
    drafts: Annotated[bool, typer.Option("--drafts", help="Print every draft in full, not only the outpatient record.")] = False,
) -> None:
    """Work one case up, from the note to a draft the doctor signs."""
    case = read(file)
    if lang:
        case = case.model_copy(update={"lang": lang})
    from yingzhi.clinical.presentation import Answer
    from yingzhi.graphs.resources import open_resources

    settings = settings_for(model)
    if site is not None:
        settings = settings.model_copy(update={"site": site})
    answers = [Answer.model_validate(split_answer(a)) for a in answer or []]
    resources = open_resources(settings)
    usual = resources.site.level if resources.site else settings.setting
    level = setting or (case.setting if "setting" in case.model_fields_set else usual)
    case = case.model_copy(update={"answers": [*case.answers, *answers], "setting": level})
    result = asyncio.run(probed(case, resources))
    if format == "text":
        from yingzhi.cli.render import render

        emit_text(render(result, drafts=drafts, width=100 if out or not sys.stdout.isatty() else None), out)
    elif format == "json":
        emit_text(result.model_dump_json(indent=2) + "\n", out)
    else:
        render_document(result, case, resources, format, document, template, out)


async def probed(case: Presentation, resources: Resources) -> Consultation:
    """Say plainly what is wrong with a model before the consultation, then run it."""
    from yingzhi.graphs.run import consult as run

    if resources.models is not None and resources.models.settings.probe:
        from yingzhi.agents.models.probe import probe

        await probe(resources.models)
    try:
        return await run(case, resources)
    finally:
        if resources.models is not None:
            await resources.models.aclose()


def read(file: str):  # type: ignore[no-untyped-def]
    """Read the case from a file or standard input."""
    from yingzhi.tools.intake import read_case

    if file == "-":
        return read_case(sys.stdin.buffer.read())
    path = Path(file)
    try:
        if path.stat().st_size > 20_000_000:
            raise CaseError("larger than 2 MB; give the record of one consultation", path.name)
        return read_case(path.read_bytes(), path.stem)
    except OSError as error:
        raise CaseError(f"can't be read ({error.strerror})", path.name) from None


def split_answer(text: str) -> dict[str, str]:
    """`finding=present` as the fields of an answer."""
    finding, _, status = text.partition("=")
    if status not in {"present", "absent", "unknown"}:
        raise CaseError("an answer reads finding=present, finding=absent or finding=unknown", "--answer")
    return {"finding": finding, "status": status}


def emit_text(text: str, out: Path | None) -> None:
    """Print, or write the whole file at once."""
    if out is None:
        sys.stdout.write(text)
        return
    from yingzhi.knowledge.load import write_atomically

    write_atomically(out, text.encode())


def render_document(result, case, resources, format: Format, document: str, template: Path | None, out: Path | None) -> None:  # type: ignore[no-untyped-def]
    """Write one draft as DOCX or the whole as a FHIR document Bundle."""
    draft = next((d for d in result.documents if d.kind == document), None)
    if draft is None:
        raise CaseError(
            f"no such draft in this consultation; there are {', '.join(d.kind for d in result.documents) or 'none'}", "--document"
        )
    from yingzhi.knowledge.load import write_atomically

    if format == "fhir":
        from yingzhi.tools.documents.fhir import document_bundle

        emit_text(document_bundle(result, draft, resources.clock()) + "\n", out)
        return
    from yingzhi.tools.documents.docx import docx_bytes

    if out is None:
        raise CaseError("docx needs --out FILE", "--out")
    write_atomically(out, docx_bytes(draft, result, resources.clock(), template))

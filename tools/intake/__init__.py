"""Ways in: bytes to text, text to a case; Case JSON, FHIR R4B Bundle, phenopacket or a plain note."""

from yingzhi.tools.intake.check import check_presentation
from yingzhi.tools.intake.read import decode, read_case

__all__ = ["check_presentation", "decode", "read_case"]

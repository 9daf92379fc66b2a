"""Markdown of a consultation, and data made safe for Markdown."""

from yingzhi.service.markdown.consultation import consultation_markdown, markdown_blocks
from yingzhi.service.markdown.escape import escape

__all__ = ["consultation_markdown", "escape", "markdown_blocks"]

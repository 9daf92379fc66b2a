"""Figures as elements of a page: text stays text, colours are variables of the page, the same figure gives the same bytes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

from yingzhi.clinical.errors import SettingsError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType

COLOURS = {"ink": "#010203", "soft": "#010204", "rule": "#010205", "better": "#010206", "worse": "#010207"} | {
    f"run{i}": f"#01030{i}" for i in range(6)
}
"""What is drawn, by the name of the variable of the page that takes its place: so one plot serves light and dark."""
XLINK = "{http://www.w3.org/1999/xlink}href"


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """A figure, in inches, in the style of the report; to be drawn and made an element inside the block.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise SettingsError("the plots need an extra: pip install 'yingzhi[evals]'") from None
    ink, rule = COLOURS["ink"], COLOURS["rule"]
    style: dict[RcKeyType, Any] = {
        "svg.fonttype": "none", "svg.hashsalt": "yingzhi", "text.parse_math": False, "font.family": ["DejaVu Sans"], "font.size": 9,
        "text.color": ink, "axes.labelcolor": ink, "axes.edgecolor": rule, "xtick.color": ink, "ytick.color": ink, "axes.grid": True,
        "grid.color": rule, "grid.linewidth": 0.6, "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
        "legend.frameon": False,
    }  # fmt: skip
    with rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # Chinese: the page's own font shows it, not this one
        yield Figure(figsize=(width, height), layout="constrained")


def element(figure: Figure, name: str, label: str, titles: Mapping[str, Sequence[str]]) -> Markup:
    """The figure as an SVG element with ids of its own, colours by variable and a title on each point.

    Args:
        figure: Drawn.
        name: Put before every id.
        label: For those who do not see it.
        titles: By the id of a set of points, in the order in which they were given.
    """
    stream = StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    root = ElementTree.fromstring(stream.getvalue())
    for group in root.iter():
        told = titles.get(group.get("id", ""), ())
        marks = [m for m in group.iter() if m.tag.endswith("}use")] if told else []
        if len(marks) == len(told):
            for mark, text in zip(marks, told, strict=True):
                ElementTree.SubElement(mark, "title").text = text
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}style", "}metadata")):  # a style inside an SVG holds for the whole page
                parent.remove(child)
    for each in root.iter():
        each.tag = each.tag.rpartition("}")[2]
        each.attrib.update({key: _own(key, value, name) for key, value in each.attrib.items()})
        if XLINK in each.attrib:
            each.set("href", each.attrib.pop(XLINK))
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.attrib |= {"role": "img", "aria-label": label, "id": f"plot-{name}"}
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _own(key: str, value: str, name: str) -> str:
    """An attribute as it is to stand in a page that has other figures too."""
    if key == "id":
        return f"{name}-{value}"
    if key == XLINK:
        return f"#{name}-{value[1:]}"
    if key == "clip-path":
        return value.replace("url(#", f"url(#{name}-")
    if key == "style":
        for variable, colour in COLOURS.items():
            value = value.replace(colour, f"var(--{variable})")
        return "; ".join(part for part in value.split("; ") if not part.startswith("font-family"))
    return " ".join(value.split()) if key == "d" else value

"""Fills the templates, and writes a report's files."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from molora.benchmarks.reporting.contents import Report
from molora.benchmarks.reporting.numbers import write_number
from molora.benchmarks.reporting.plots import draw_alone
from molora.files import replacing

if TYPE_CHECKING:
    from jinja2 import Environment

HTML, MARKDOWN = "report.html", "report.md"
MARKS = re.compile(r"([\\`*\[\]<>|#~&$]|(?<!\w)_|_(?!\w))")


@dataclass(frozen=True)
class Written:
    """The files of a report; the HTML file needs none of the others."""

    html: Path
    markdown: Path
    plots: tuple[Path, ...]


def write_report(report: Report, folder: Path) -> Written:
    plots = tuple(folder / f"{d.name}.svg" for chapter in report.chapters for d in chapter.drawings)
    drawn = [draw_alone(d.plot, report.names) for chapter in report.chapters for d in chapter.drawings]
    written = Written(folder / HTML, folder / MARKDOWN, plots)
    texts = zip((written.html, written.markdown, *plots), (to_html(report), to_markdown(report), *drawn), strict=True)
    for path, text in texts:
        with replacing(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    return written


def to_html(report: Report) -> str:
    return _environment(autoescape=True).get_template(f"{HTML}.j2").render(report=report)


def to_markdown(report: Report) -> str:
    """Its plots are `<name of the drawing>.svg` beside it."""
    return _environment(autoescape=False).get_template(f"{MARKDOWN}.j2").render(report=report)


def escape_markdown(text: str) -> str:
    """On one line, and nothing in it has a meaning."""
    return MARKS.sub(r"\\\1", _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _environment(autoescape: bool) -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("molora.benchmarks.reporting"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"md": escape_markdown, "line": _one_line, "number": write_number}
    return made

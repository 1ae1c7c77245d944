"""The HTML is read back by a parser; nothing is compared with a file of yesterday."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from molora.benchmarks.cli import app
from molora.benchmarks.reporting.contents import Report, compose, flatten
from molora.benchmarks.reporting.numbers import write_interval, write_value
from molora.benchmarks.reporting.render import escape_markdown, to_html, to_markdown, write_report
from molora.benchmarks.results import Result, write_result
from tests.benchmarks.made_results import MACHINE, make_figure, make_plot, make_result

HOSTILE = "<script>alert(1)</script>\"'>|`**&amp;"
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Its elements, texts and headings, and whether what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)
        if self.open and self.open[-1] in {"h1", "h2", "h3"}:
            self.headings.append((self.open[-1], data))

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    def named(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def results() -> list[Result]:
    load = (
        make_figure("top1", "throughput", 31.234, 0.6, unit="1/s", better="higher"),
        make_figure("base", "throughput", 40.123, 0.7, unit="1/s", better="higher"),
        make_figure("top1", "TTFT", 88.5, unit="ms", better="lower"),
    )
    quality = (make_figure("top1", "all", 0.912, 0.012, group="exact match", better="higher"),)
    return [
        make_result("load", figures=load, plots=(make_plot(),), notes=("Arms took turns.",)),
        make_result("quality", figures=quality, settings={"engine": {"max_loras": 4}, "config": "demo.yaml"}),
        make_result("tradeoff", plots=(make_plot("Accuracy against throughput"), make_plot()), figures=quality),
    ]


@pytest.fixture
def report() -> Report:
    return compose("Our report", results())


@pytest.fixture
def page(report: Report) -> Page:
    return Page(to_html(report))


def test_every_figure_is_in_both_files(report: Report, page: Page):
    markdown = to_markdown(report)
    for figure in [figure for result in results() for figure in result.figures]:
        wanted = {figure.group, figure.row, write_value(figure), write_interval(figure)}
        assert all(text in page.text and text in markdown for text in wanted)


def test_the_trade_off_comes_first(page: Page):
    assert page.headings == [
        ("h1", "Our report"),
        *(("h2", f"Title of {name}") for name in ("tradeoff", "load", "quality")),
        ("h2", "Machine and versions"),
    ]


def test_commands_settings_seeds_notes_and_machines_are_told(report: Report, page: Page):
    told = ["molora bench load", "engine.max_loras", "demo.yaml", "Arms took turns.", "Abacus", "Slide rule", "vllm"]
    assert all(text in page.text for text in told)
    assert all(text in to_markdown(report) for text in told)


def test_nothing_outside_the_file_is_referred_to(page: Page):
    assert page.open == []
    assert not page.named("script", "link", "img", "iframe", "object", "embed", "base", "form")
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [
        value or ""
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name.endswith(("href", "src"))
    ]
    assert links
    assert {link.removeprefix("#") for link in links} <= ids
    assert "url(" not in (Path(__file__).parents[3] / "molora/benchmarks/reporting/templates/report.css").read_text()


def test_no_two_elements_have_one_id(page: Page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_headings_of_tables_have_a_scope_and_plots_have_words(page: Page):
    assert page.named("th")
    assert all(attributes.get("scope") in {"row", "col"} for attributes in page.named("th"))
    plots = [attributes for attributes in page.named("div") if attributes.get("role") == "img"]
    assert len(plots) == len(page.named("svg")) == 3
    assert all("Across: clients" in (attributes["aria-label"] or "") for attributes in plots)
    assert page.named("html") == [{"lang": "en"}]


def test_hostile_text_stays_text():
    hostile = make_result(
        title=HOSTILE,
        command=f"molora {HOSTILE}",
        notes=(HOSTILE,),
        settings={HOSTILE: HOSTILE},
        machine=MACHINE.model_copy(update={"processor": HOSTILE}),
        figures=(make_figure(HOSTILE, HOSTILE, 1, group=HOSTILE, unit=HOSTILE),),
        plots=(make_plot(HOSTILE, HOSTILE),),
    )
    report = compose(HOSTILE, [hostile])
    html = to_html(report)
    page = Page(html)
    assert page.open == []
    assert not page.named("script", "b")
    assert "<script" not in html
    assert page.headings[:2] == [("h1", HOSTILE), ("h2", HOSTILE)]
    told = [line for line in to_markdown(report).splitlines() if not line.startswith("    ")]
    assert not [line for line in told if "<script" in line.replace("\\<", "")]


def test_markdown_has_as_many_columns_in_every_row(report: Report):
    tables = [block.splitlines() for block in to_markdown(report).split("\n\n") if block.startswith("|")]
    assert len(tables) == 3 + 3 + 1
    assert all(len({line.count("|") for line in table}) == 1 for table in tables)


def test_a_bar_or_a_new_line_does_not_break_a_row():
    assert escape_markdown("a|b\n*c* `d` <e>") == r"a\|b \*c\* \`d\` \<e\>"


def test_files_lie_beside_one_another(tmp_path: Path, report: Report):
    written = write_report(report, tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "report.html",
        "report.md",
        *(f"result-{name}.svg" for name in ("1-plot-1", "1-plot-2", "2-plot-1")),
    ]
    assert all(f"]({plot.name})" in written.markdown.read_text() for plot in written.plots)


def test_results_of_two_machines_name_theirs():
    other = MACHINE.model_copy(update={"processor": "Sliderule"})
    report = compose("t", [make_result("load"), make_result("quality", machine=other), make_result("scaling")])
    assert [host.titles for host in report.hosts] == [("Title of load", "Title of scaling"), ("Title of quality",)]


def test_nested_settings_are_told_by_dots():
    assert list(flatten({"a": {"b": {"c": [1, "x"]}, "d": {}}, "e": None})) == [
        ("a.b.c", '[1, "x"]'),
        ("a.d", "{}"),
        ("e", "null"),
    ]


def test_the_command_reads_a_folder_and_ends_with_json(tmp_path: Path):
    for result in results():
        write_result(result, tmp_path / "bench" / f"{result.benchmark}.json")
    told = CliRunner().invoke(app, ["report", str(tmp_path / "bench"), "--output", str(tmp_path / "report")])
    assert told.exit_code == 0
    last = json.loads(told.stdout.splitlines()[-1])
    assert last["results"] == ["load", "quality", "tradeoff"]
    assert Path(last["html"]).stat().st_size > 1000

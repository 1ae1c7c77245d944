import xml.etree.ElementTree as ET

from molora.benchmarks.reporting.plots import COLOURS, INK, describe, draw, draw_alone
from molora.benchmarks.results import Plot
from tests.benchmarks.made_results import make_plot


def test_a_plot_is_the_same_every_time_and_its_ids_are_its_own():
    one, other = draw(make_plot(), "one"), draw(make_plot(), "other")
    assert one == draw(make_plot(), "one")
    ids = [{element.get("id") for element in ET.fromstring(svg).iter()} - {None} for svg in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_what_a_plot_refers_to_is_within_it():
    root = ET.fromstring(draw(make_plot(), "one"))
    ids = {element.get("id") for element in root.iter()}
    links = [value for element in root.iter() for name, value in element.items() if name.endswith("href")]
    assert links
    assert {link.removeprefix("#") for link in links} <= ids


def test_names_are_written_as_they_are():
    svg = draw(make_plot(name="<b>_$x$ & y"), "one")
    texts = {element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("text")}
    assert {"<b>_$x$ & y", "clients", "questions/s", "1", "8"} <= texts


def test_its_ink_is_that_of_the_page():
    svg = draw(make_plot(), "one")
    assert INK not in svg
    assert "currentColor" in svg
    assert "prefers-color-scheme" in draw_alone(make_plot())


def test_a_plot_without_lines_is_drawn():
    empty = Plot(title="t", x_label="x", y_label="y", lines=())
    assert "<svg" in draw(empty, "p")
    assert "x, nothing" in describe(empty)


def test_a_description_says_what_is_drawn_and_how_far_it_reaches():
    assert describe(make_plot()) == (
        "Plot: Speed over clients. Across: clients, 1 to 8. Up: questions/s, 10 to 40. Drawn: top1, base."
    )


def test_a_line_looks_the_same_in_every_plot_of_a_page():
    def colours(names) -> set[str]:
        return {colour for colour in COLOURS if colour in draw(make_plot(), "one", names)}

    assert colours(()) == set(COLOURS[:2])
    assert colours(("soft", "base", "top1")) == set(COLOURS[1:3])

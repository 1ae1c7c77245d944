from molora.benchmarks.reporting.tables import find_best, make_table, make_tables
from tests.benchmarks.made_results import make_figure


def marks(*figures) -> list[str]:
    (table,) = make_tables(figures)
    return [row.cells[0][0].mark for row in table.rows]


def test_a_group_is_a_table_in_the_order_of_its_figures():
    first, second = make_figure("b", "y", 1), make_figure("a", "x", 2)
    one, other = make_tables([first, make_figure("c", "z", 3, group="memory"), second])
    assert (one.group, one.columns, [row.name for row in one.rows]) == ("speed", ("y", "x"), ["b", "a"])
    assert [[len(cells) for cells in row.cells] for row in one.rows] == [[1, 0], [0, 1]]
    assert other.group == "memory"


def test_two_figures_in_one_place_are_both_there():
    table = make_table("speed", [make_figure("a", "x", 1), make_figure("a", "x", 2)])
    assert [cell.value for cell in table.rows[0].cells[0]] == ["1", "2"]


def test_a_unit_that_all_share_stands_in_the_heading():
    shared = make_table("speed", [make_figure("a", "TTFT", 1, unit="ms"), make_figure("b", "TTFT", 2, unit="ms")])
    assert (shared.columns, shared.rows[0].cells[0][0].unit) == (("TTFT, ms",), "")
    mixed = make_table("speed", [make_figure("a", "used", 1, unit="ms"), make_figure("b", "used", 2, unit="MiB")])
    assert (mixed.columns, mixed.rows[1].cells[0][0].unit) == (("used",), "MiB")


def test_the_best_is_marked_and_what_is_not_told_from_it():
    values = {"a": (10, 1), "b": (11, 1), "c": (20, 1)}
    lower = [make_figure(name, "ms", *value, better="lower") for name, value in values.items()]
    assert marks(*lower) == ["best", "tied", ""]
    higher = [make_figure(name, "per s", *value, better="higher") for name, value in values.items()]
    assert marks(*higher) == ["", "", "best"]


def test_without_intervals_nothing_is_tied():
    assert marks(make_figure("a", "x", 1, better="lower"), make_figure("b", "x", 1.01, better="lower")) == ["best", ""]


def test_nothing_is_best_where_nothing_says_what_is_better():
    assert find_best([make_figure("a", "x", 1), make_figure("b", "x", 2)]) is None
    assert find_best([make_figure("a", "x", 1, better="lower")]) is None
    assert find_best([make_figure("a", "x", 1, better="lower"), make_figure("b", "x", 2, better="higher")]) is None

from collections import Counter

from molora.benchmarks.quality.data import Source, read_items
from molora.router.training.rows import BadRows


def test_types_take_turns_and_a_quarter_as_many_need_two() -> None:
    items = read_items(Source("demo"), 20, 7, BadRows(0))
    assert [len(item.kinds) for item in items] == [1] * 20 + [2] * 5
    assert Counter(item.kinds for item in items[:20]) == dict.fromkeys(
        [("spatial",), ("quantity",), ("physical",), ("social",)], 5
    )
    assert all(str(item.picture).startswith("data:image/png;base64,") for item in items)
    assert items == read_items(Source("demo"), 20, 7, BadRows(0))

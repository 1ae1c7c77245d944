from pathlib import Path

import pytest

from molora.benchmarks.quality.data import Source, parse_source
from molora.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("demo", Source("demo")),
        ("easy-vqa", Source("easy-vqa")),
        ("daquar=a/qa.txt", Source("daquar", Path("a/qa.txt"))),
        ("vqa-rad=VQA_RAD Dataset=Public.json", Source("vqa-rad", Path("VQA_RAD Dataset=Public.json"))),
    ],
)
def test_a_data_set_has_a_name_and_maybe_a_file(text: str, source: Source) -> None:
    assert parse_source(text) == source


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("coco", "unknown data set 'coco'"),
        ("daquar", "daquar=FILE"),
        ("vqa-rad=", "needs a file"),
        ("demo=x", "no file"),
    ],
)
def test_anything_else_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        parse_source(text)

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from molora.benchmarks.quality.data import Source, read_items
from molora.benchmarks.quality.item import Item
from molora.errors import ConfigError
from molora.router.training.rows import BadRows

PACKAGE = SimpleNamespace(
    get_test_questions=lambda: (["is there a circle?", "what color is it?"], ["yes", "teal"], [4, 5]),
    get_test_image_paths=lambda: {5: "images/5.png", 4: "images/4.png"},
)


def test_the_packages_test_questions_are_asked_about_its_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "easy_vqa", PACKAGE)
    assert read_items(Source("easy-vqa"), 10, 7, BadRows(0)) == [
        Item("is there a circle?", "yes", (), Path("images/4.png")),
        Item("what color is it?", "teal", (), Path("images/5.png")),
    ]


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "easy_vqa", None)
    with pytest.raises(ConfigError, match="pip install easy-vqa"):
        read_items(Source("easy-vqa"), 10, 7, BadRows(0))

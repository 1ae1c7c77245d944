from pathlib import Path

import pytest

from molora.errors import ConfigError
from molora.router.distill.tokens import load_tokenizer, pick_words, spell
from tests.router.distill.teachers import SPECIAL, STRANGE, WORDS, make_teacher


def test_a_pair_is_one_token_wherever_it_stands_as_words(tmp_path: Path):
    tokenizer = load_tokenizer(make_teacher(tmp_path), ["how many"])
    tokens = [tokenizer.encode(text, add_special_tokens=False).tokens for text in ("How many cats", "show many")]
    assert tokens == [["how many", "cat", "##s"], ["[UNK]", "many"]]


def test_tokens_read_as_they_are_written_if_the_texts_have_their_letters(tmp_path: Path):
    tokenizer = load_tokenizer(make_teacher(tmp_path), ["how many"])
    spelled = spell(tokenizer, [*WORDS, "S", "how many"])
    assert spelled == [*[""] * len(SPECIAL), *WORDS, "", "s", "how many"]
    assert spelled[len(SPECIAL + WORDS) :][: len(STRANGE)] == ["", "s"]


def test_words_are_of_three_letters_or_more():
    assert pick_words(["", "is", "how many", "cat", "?", "cat", "dog"]) == ["cat", "dog"]


def test_a_folder_without_a_tokenizer_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"tokenizer\.json"):
        load_tokenizer(tmp_path, [])

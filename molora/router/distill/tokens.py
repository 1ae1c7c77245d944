"""A student's tokens: its teacher's, and common pairs of words as tokens of their own."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from molora.errors import ConfigError


def load_tokenizer(folder: Path, pairs: Sequence[str]) -> Any:
    """A tokenizers.Tokenizer, of a model's folder. Raises ConfigError where it has none of that form."""
    from tokenizers import AddedToken, Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ConfigError(f"{folder}: no tokenizer.json in it")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.add_tokens([AddedToken(pair, single_word=True, normalized=True) for pair in pairs])
    return tokenizer


def spell(tokenizer: Any, texts: Iterable[str]) -> list[str]:
    """What each token alone reads as; "" for special ones, and for those with a character that no text has."""
    alphabet = {character for text in texts for character in text + text.lower() + text.upper()}
    decoded = (tokenizer.decode([token]).removeprefix("##").strip() for token in range(tokenizer.get_vocab_size()))
    return [text if alphabet.issuperset(text) else "" for text in decoded]


def pick_words(spelled: Sequence[str]) -> list[str]:
    """Those to make questions of."""
    return [text for text in dict.fromkeys(spelled) if text.isalpha() and len(text) > 2]

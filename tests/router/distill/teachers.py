"""A tiny teacher on disk: a random vector for each of a few words, and their mean."""

from pathlib import Path

import numpy as np

from molora.compat import mend_torch_companions

WORDS = ("where", "is", "the", "big", "small", "red", "ball", "box", "cat", "dog", "left", "of", "how", "many", "?")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
STRANGE = ("é", "##s")
DIM = 8


def make_teacher(folder: Path) -> Path:
    mend_torch_companions()
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.decoders import WordPiece
    from tokenizers.implementations import BertWordPieceTokenizer

    vocabulary = {word: place for place, word in enumerate((*SPECIAL, *WORDS, *STRANGE))}
    tokenizer: Tokenizer = BertWordPieceTokenizer(vocabulary)._tokenizer
    tokenizer.decoder = WordPiece()
    weights = np.random.default_rng(0).normal(size=(len(vocabulary), DIM)).astype(np.float32)
    modules = [StaticEmbedding(tokenizer, embedding_weights=weights), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    return folder

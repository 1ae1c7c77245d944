import numpy as np

from molora.router.ngrams import MAX_TOKENS, hash_ngrams, pack_ngrams


def test_case_and_spacing_do_not_matter():
    assert hash_ngrams("Is this  a DOG ?", 1024) == hash_ngrams("is this a dog?", 1024)


def test_buckets_are_words_pairs_and_the_whole():
    assert len(hash_ngrams("a dog", 2**20)) == 2 + 3 + 1


def test_no_words_and_very_long_texts_are_bounded():
    assert hash_ngrams("", 16)
    assert len(hash_ngrams("dog " * 100_000, 16)) == 2 * MAX_TOKENS + 2


def test_packed_rows_are_those_of_each_text():
    texts = ["a dog", "", "how many boxes?"]
    buckets, starts = pack_ngrams(texts, 512)
    rows = np.split(buckets, starts[1:])
    assert [row.tolist() for row in rows] == [hash_ngrams(text, 512) for text in texts]

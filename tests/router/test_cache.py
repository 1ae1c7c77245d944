import numpy as np

from molora.router.cache import ScoreCache
from molora.router.scoring import Reading

A, B, C = [(text, ()) for text in "abc"]
READING = Reading(np.zeros(2, dtype=np.float32), np.ones(1, dtype=np.float32), 1.0)


def test_the_query_not_used_for_longest_is_forgotten_first():
    cache = ScoreCache(2)
    cache.put(A, READING)
    cache.put(B, READING)
    assert cache.get(A) is READING
    cache.put(C, READING)
    assert cache.get(B) is None
    assert cache.get(A) is READING
    assert len(cache) == 2


def test_size_zero_remembers_nothing():
    cache = ScoreCache(0)
    cache.put(A, READING)
    assert cache.get(A) is None
    assert len(cache) == 0

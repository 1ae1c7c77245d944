import numpy as np

from molora.router.cache import ScoreCache

ROW = np.zeros(2, dtype=np.float32)


def test_the_text_not_used_for_longest_is_forgotten_first():
    cache = ScoreCache(2)
    cache.put("a", ROW)
    cache.put("b", ROW)
    assert cache.get("a") is ROW
    cache.put("c", ROW)
    assert cache.get("b") is None
    assert cache.get("a") is ROW
    assert len(cache) == 2


def test_size_zero_remembers_nothing():
    cache = ScoreCache(0)
    cache.put("a", ROW)
    assert cache.get("a") is None
    assert len(cache) == 0

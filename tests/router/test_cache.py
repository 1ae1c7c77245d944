import numpy as np

from molora.router.cache import ScoreCache
from molora.router.scoring import Reading

READING = Reading(np.zeros(2, dtype=np.float32), np.ones(1, dtype=np.float32))


def test_the_text_not_used_for_longest_is_forgotten_first():
    cache = ScoreCache(2)
    cache.put("a", READING)
    cache.put("b", READING)
    assert cache.get("a") is READING
    cache.put("c", READING)
    assert cache.get("b") is None
    assert cache.get("a") is READING
    assert len(cache) == 2


def test_size_zero_remembers_nothing():
    cache = ScoreCache(0)
    cache.put("a", READING)
    assert cache.get("a") is None
    assert len(cache) == 0

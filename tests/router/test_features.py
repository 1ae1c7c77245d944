import numpy as np

from molora.router.features import Features, text_only


def test_rows_are_taken_of_every_part():
    text = np.arange(6, dtype=np.float32).reshape(3, 2)
    taken = Features(text, text + 10, np.array([True, False, True])).take(np.array([2, 0, 0]))
    assert taken.text.tolist() == [[4, 5], [0, 1], [0, 1]]
    assert taken.image.tolist() == [[14, 15], [10, 11], [10, 11]]
    assert taken.seen.tolist() == [True, True, True]


def test_vectors_of_text_alone_come_with_no_picture():
    features = text_only(np.ones((2, 3), dtype=np.float32))
    assert (features.image.shape, features.seen.tolist()) == ((2, 0), [False, False])

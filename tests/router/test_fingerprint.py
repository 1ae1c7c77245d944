from PIL import Image

from molora.router.fingerprint import fingerprint
from molora.router.query import Query

RED, BLUE = (Image.new("RGB", (4, 6), colour) for colour in ("red", "blue"))


def test_text_and_pixels_make_the_difference():
    same = Query("Who?", (RED.copy(),))
    others = [Query("Why?", (RED,)), Query("Who?"), Query("Who?", (BLUE,)), Query("Who?", (RED, RED))]
    keys = [fingerprint(query, looks=True) for query in [Query("Who?", (RED,)), same, *others]]
    assert keys[0] == keys[1]
    assert len(set(keys)) == len(keys) - 1


def test_the_same_bytes_in_another_shape_are_another_picture():
    pictures = Image.new("RGB", (4, 6)), Image.new("RGB", (6, 4)), Image.new("L", (12, 6))
    assert len({fingerprint(Query("", (picture,)), looks=True) for picture in pictures}) == 3


def test_where_nobody_looks_pictures_make_no_difference():
    assert fingerprint(Query("Who?", (RED,)), looks=False) == fingerprint(Query("Who?"), looks=False)

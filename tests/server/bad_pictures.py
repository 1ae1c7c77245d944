"""Pictures that are none, or more than they seem."""

import struct
import zlib
from collections.abc import Callable
from typing import Any

from PIL import Image

from tests.pictures import BROKEN_URLS, ask, data_url, encode, huge_gif, huge_jpeg, huge_png, huge_webp, png, png_of
from tests.server.rows import PICTURE, Row, chat, says

HEADER = struct.pack(">IIBBBBB", 56, 56, 8, 2, 0, 0, 0)
PIXELS = b"IDAT" + zlib.compress(bytes(56 * (56 * 3 + 1)))
GIF = encode(Image.new("P", (56, 56)), "GIF")
PLACE = "messages.0.content.0.image_url"

URLS = {
    "the metadata service": "http://169.254.169.254/latest/meta-data/",
    "this server": "http://127.0.0.1:8000/metrics",
    "another spelling of it": "http://0x7f.1/metrics",
    "a file in capitals": "FILE:///etc/passwd",
    "base64 in letters of no alphabet": "data:image/png;base64,\u00e9\u00e9\u00e9\u00e9",
    "base64 cut": "data:image/png;base64,AAAAA",
    "svg as text": "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'/>",
}
FILES: dict[str, Callable[[], bytes]] = {
    "nothing": bytes,
    "a picture's first half": lambda: png(Image.effect_noise((64, 64), 90))[:2000],
    "an html page": lambda: b"<html><img src='file:///etc/passwd'></html>",
    "2.5 gigapixels of png": huge_png,
    "2.5 gigapixels of jpeg": huge_jpeg,
    "2.5 gigapixels of gif": huge_gif,
    "268 megapixels of webp": huge_webp,
    "81 megapixels, every one": lambda: png(Image.new("L", (9000, 9000))),
    "1 x 5000": lambda: png(Image.new("RGB", (1, 5000))),
    "4000 x 2": lambda: png(Image.new("RGB", (4000, 2))),
    "60 MB in a text": lambda: png_of(HEADER, b"zTXta\0\0" + zlib.compress(bytes(60_000_000)), PIXELS),
    "60 MB in a colour profile": lambda: png_of(HEADER, b"iCCPa\0\0" + zlib.compress(bytes(60_000_000)), PIXELS),
    "60 MB in an international text": lambda: png_of(
        HEADER, b"iTXta\0\1\0\0\0" + zlib.compress(bytes(60_000_000)), PIXELS
    ),
    "a million texts": lambda: png_of(HEADER, *[b"tEXta\0b"] * 1_000_000, PIXELS),
    "a million chunks of no kind": lambda: png_of(HEADER, *[b"abCd"] * 1_000_000, PIXELS),
    "a million pieces of data": lambda: png_of(HEADER, PIXELS, *[b"IDAT"] * 1_000_000),
    "a million comments": lambda: GIF[:19] + b"!\xfe\1a\0" * 1_000_000 + GIF[19:],
    "a JPEG of 1000 scans": lambda: _with_scans(1000),
}


def _with_scans(num: int) -> bytes:
    whole = encode(Image.effect_noise((64, 64), 90), "JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + scan * num + whole[-2:]


def _asking(make: Callable[[], bytes]) -> Callable[[], Any]:
    return lambda: chat(messages=ask(data_url(make())))


PICTURES = (
    {f"url: {name}": Row(chat(messages=ask(url)), PLACE) for name, url in {**BROKEN_URLS, **URLS}.items()}
    | {name: Row(_asking(make), PLACE) for name, make in FILES.items()}
    | {
        "five pictures": Row(says(*[PICTURE] * 5), "messages.0.content.4.image_url"),
        "a thousand pictures": Row(says(*[PICTURE] * 1000), "messages.0.content.4.image_url"),
        "five messages with one": Row(
            chat(messages=ask(PICTURE["image_url"]["url"]) * 5), "messages.4.content.0.image_url"
        ),
    }
)

"""Pictures as data URLs: whole ones and broken ones."""

import base64
import struct
import zlib
from io import BytesIO

from PIL import Image


def png(image: Image.Image | None = None) -> bytes:
    out = BytesIO()
    (image or Image.new("RGB", (56, 56), "red")).save(out, "PNG")
    return out.getvalue()


def data_url(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def huge_png(side: int = 50_000) -> bytes:
    """A true header of side x side pixels, and next to nothing behind it."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = b"".join(
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


BROKEN_URLS = {
    "empty": "",
    "none": None,
    "number": 5,
    "no payload": "data:image/png;base64,",
    "not base64": "data:image/png;base64,@@@@",
    "not marked base64": "data:image/png,abc",
    "no comma": "data:image/png;base64",
    "text": data_url(b"hello", "text/plain"),
    "truncated": data_url(png(Image.effect_noise((64, 64), 90))[:-600]),
    "header only": data_url(png()[:20]),
    "huge": data_url(huge_png()),
    "svg": data_url(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "http": "http://127.0.0.1:9/a.png",
    "https": "https://example.org/a.png",
    "file": "file:///etc/passwd",
    "path": "/etc/passwd",
}


def ask(url: object, text: str = "where is it?") -> list[dict[str, object]]:
    """A user message with one picture and one question."""
    picture = {"type": "image_url", "image_url": {"url": url}}
    return [{"role": "user", "content": [picture, {"type": "text", "text": text}]}]

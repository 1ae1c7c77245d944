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


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png_of(header: bytes, *chunks: bytes) -> bytes:
    """A PNG of chunks, each its name and its data."""
    framed = (
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (b"IHDR" + header, *chunks, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def huge_png(width: int = 50_000, height: int = 0, colours: int = 2) -> bytes:
    """A true header of so many pixels, and next to nothing behind it."""
    header = struct.pack(">IIBBBBB", width, height or width, 8, colours, 0, 0, 0)
    return png_of(header, b"IDAT" + zlib.compress(b"\0" * 100))


def huge_jpeg(side: int = 50_000) -> bytes:
    whole = encode(Image.new("RGB", (8, 8)), "JPEG")
    place = whole.index(b"\xff\xc0") + 5
    return whole[:place] + struct.pack(">HH", side, side) + whole[place + 4 :]


def huge_gif(side: int = 50_000) -> bytes:
    whole = encode(Image.new("P", (8, 8)), "GIF")
    return whole[:6] + struct.pack("<HH", side, side) + whole[10:]


def huge_webp(side: int = 16_383) -> bytes:
    pixels = b"\x2f" + struct.pack("<I", (side - 1) | (side - 1) << 14) + bytes(21)
    chunk = b"VP8L" + struct.pack("<I", len(pixels)) + pixels
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


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
    "pdf": data_url(b"%PDF-1.7\n%%EOF", "application/pdf"),
    "bmp": data_url(encode(Image.new("RGB", (9, 9)), "BMP"), "image/bmp"),
    "tiff": data_url(encode(Image.new("RGB", (9, 9)), "TIFF")),
    "svg": data_url(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "http": "http://127.0.0.1:9/a.png",
    "https": "https://example.org/a.png",
    "file": "file:///etc/passwd",
    "path": "/etc/passwd",
    "ftp": "ftp://example.org/a.png",
}


def ask(url: object, text: str = "where is it?") -> list[dict[str, object]]:
    """A user message with one picture and one question."""
    picture = {"type": "image_url", "image_url": {"url": url}}
    return [{"role": "user", "content": [picture, {"type": "text", "text": text}]}]

"""Requests that look odd and are served."""

from collections.abc import Callable
from typing import Any

from PIL import Image

from tests.pictures import ask, data_url, encode, png, png_of
from tests.server.bad_messages import USER, call, calls
from tests.server.bad_pictures import HEADER, PIXELS
from tests.server.bad_shapes import as_format
from tests.server.rows import GOOD, JSON, MESSAGES, PICTURE, QUESTION, Row, chat, says, speaks

RED = Image.new("RGB", (84, 56), "red")


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    return exif


def _palette() -> bytes:
    palette = Image.new("P", (56, 56), 1)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    return encode(palette, "PNG", transparency=1)


FILES: dict[str, Callable[[], bytes]] = {
    "one pixel": lambda: png(Image.new("RGB", (1, 1), "red")),
    "200 x 1": lambda: png(Image.new("RGB", (200, 1), "red")),
    "a CMYK JPEG": lambda: encode(RED.convert("CMYK"), "JPEG"),
    "a turned JPEG": lambda: encode(RED, "JPEG", exif=_exif()),
    "a progressive JPEG": lambda: encode(RED, "JPEG", progressive=True),
    "a PNG of 16 bits": lambda: png(Image.new("I;16", (56, 56), 0x80FF)),
    "a PNG of 1 bit": lambda: png(RED.convert("1")),
    "a transparent PNG": lambda: png(Image.new("RGBA", (56, 56), (255, 0, 0, 0))),
    "a transparent palette": _palette,
    "an animated GIF": lambda: encode(RED, "GIF", save_all=True, append_images=[Image.new("RGB", (84, 56))] * 3),
    "an animated WebP": lambda: encode(RED, "WEBP", save_all=True, append_images=[Image.new("RGB", (84, 56))] * 3),
    "a PNG with 5 MB of text": lambda: png_of(HEADER, b"iTXta\0\0\0\0\0" + b"a" * 5_000_000, PIXELS),
}


def _asking(make: Callable[[], bytes], media_type: str = "image/png") -> Callable[[], Any]:
    return lambda: chat(messages=ask(data_url(make(), media_type)))


ODD = (
    {name: Row(_asking(make), status=200) for name, make in FILES.items()}
    | {
        name: Row(body, status=200)
        for name, body in {
            "a picture of another type": _asking(lambda: png(RED), "text/html"),
            "four pictures": says(*[PICTURE] * 4, QUESTION),
            "a picture in a system message": chat(messages=[{"role": "system", "content": [PICTURE]}, *MESSAGES]),
            "a picture with a detail of no kind": says(
                {"type": "image_url", "image_url": PICTURE["image_url"] | {"detail": "ultra"}, "uuid": "a"}
            ),
            "no text": speaks("user", ""),
            "no parts": speaks("user", []),
            "NUL in text": says("a\0b"),
            "a surrogate pair": says("\U0001f600"),
            "tokens around boxes": says("<|box_start|>(1,2),(3,4)<|box_end|><|object_ref_start|>"),
            "the assistant last": chat(messages=[*USER, {"role": "assistant", "content": "b"}, *USER]),
            "a tool's answer to nobody": chat(messages=[{"role": "tool", "content": "a"}, *USER]),
            "a call of nobody": calls(call(name="nobody", arguments="{}")),
            "a call with half of JSON": calls(call(name="nobody", arguments="{")),
            "a field of no kind": chat(nothing={"a": [1]}, best_of=5, store=True, functions=[{"name": "a"}]),
            "fields that name nothing here": chat(lora_request={"a": 1}, multi_modal_data={"image": "a"}, images=["a"]),
            "n null": chat(n=None),
            "the least seed": chat(seed=-(2**63)),
            "no token but one": chat(allowed_token_ids=[0]),
            "a bias of much": chat(logit_bias={"1": 1e300}),
            "beams": chat(use_beam_search=True, n=2),
            "a request's name that is a path": chat(request_id="../../etc/passwd"),
            "stars of stars": chat(structured_outputs={"regex": "((((a*)*)*)*)*"}),
            "the same again and again": chat(structured_outputs={"regex": "(a|a|a)*b"}),
            "counts": chat(structured_outputs={"regex": "(ab{1,50}){1,50}"}),
            "a tree": chat(response_format=as_format({"type": "object", "properties": {"a": {"$ref": "#"}}})),
        }.items()
    }
    | {
        "a key that is given twice": Row(GOOD.replace(b"{", b'{"model": "nobody",', 1), status=200),
        "headers for another server": Row(
            GOOD, status=200, headers=JSON | {"x-data-parallel-rank": "9", "host": "a/b"}
        ),
        "blanks around it": Row(b"\r\n\t " + GOOD + b" " * 10_000, status=200),
    }
)

"""A question as an OpenAI chat request: its picture, as a data URL, then its text."""

import base64
import io
from typing import Any

from PIL import Image

from molora.benchmarks.questions import Example


def picture_url(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def ask(example: Example, picture: Image.Image | None = None) -> list[dict[str, Any]]:
    """`messages` of a chat request; the scene is rendered where its picture is not given."""
    return ask_about(picture_url(picture or example.scene.render()), example.question.text)


def ask_about(url: str, text: str) -> list[dict[str, Any]]:
    """`messages` of a chat request: a picture by its URL, then the text."""
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": text}]
    return [{"role": "user", "content": parts}]

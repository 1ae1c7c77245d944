"""One question about a picture, whatever data set it is from."""

import base64
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from molora.benchmarks.messages import ask_about


@dataclass(frozen=True)
class Item:
    """`kinds` are the types it is counted under, none where its data set has none; two where it needs both.

    `picture` is a data URL, or a file.
    """

    question: str
    answer: str
    kinds: tuple[str, ...]
    picture: str | Path

    def messages(self, instruction: str = "") -> list[dict[str, Any]]:
        """Of a chat request; the instruction, where there is one, is a line below the question."""
        url = self.picture if isinstance(self.picture, str) else file_url(self.picture)
        return ask_about(url, "\n".join(filter(None, (self.question, instruction))))


def file_url(picture: Path) -> str:
    """A data URL of the file as it is."""
    kind = mimetypes.guess_type(picture.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(picture.read_bytes()).decode('ascii')}"

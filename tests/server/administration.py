"""What an administrator does, over any client of the server."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

KEY = "an administrator's key"
ADMIN = {"x-admin-key": KEY}
PATH = "/v1/experts"

Part = tuple[str, tuple[str | None, bytes]]


def files(folder: Path) -> list[Part]:
    return [("files", (path.name, path.read_bytes())) for path in sorted(folder.iterdir()) if path.is_file()]


def archive(folder: Path, top: str = "") -> list[Part]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        for path in folder.iterdir():
            zipped.write(path, top + path.name)
    return [("archive", ("adapter.zip", packed.getvalue()))]


def form(name: str, parts: Iterable[Part], **fields: Any) -> dict[str, Any]:
    """Of a POST by httpx; None leaves a field out."""
    data = {"name": name, "description": f"what {name} is for"} | fields
    return {
        "headers": ADMIN,
        "data": {key: value for key, value in data.items() if value is not None},
        "files": list(parts),
    }

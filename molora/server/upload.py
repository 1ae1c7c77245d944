"""An administrator's multipart form: what an expert is for, and the files of its adapter."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi import UploadFile as Upload
from pydantic import ConfigDict, Field
from starlette.datastructures import FormData, UploadFile

from molora.adapters.disk import writing
from molora.adapters.upload import import_folder, receive, unpack
from molora.config import RESERVED, ExpertName, ExpertProfile, StoreConfig
from molora.errors import BadRequest
from molora.server.body import MAX_DEPTH, MIB, Strict, check, depth, gone_refused, limit_body
from molora.server.lifecycle import Wanted

MAX_FIELD_BYTES = MIB
MAX_FILES = 32
FORM_BYTES = 16 * MIB
"""Allowed beside the files."""
SOURCES = ("files", "archive", "folder")


class Naming(Strict):
    """The fields that are no part of a profile, all of them text."""

    model_config = ConfigDict(strict=False)

    name: ExpertName
    replace: bool = False
    folder: ExpertName | None = Field(default=None, description="One of the folders in store.imports.")


class ExpertForm(Naming, ExpertProfile):
    """The whole form: the adapter comes as `files`, as one `archive`, or from a `folder` at hand."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [source]} for source in SOURCES]})

    files: list[Upload] | None = Field(None, min_length=1, description="Those of the adapter's folder.")
    archive: Upload | None = Field(None, description="Zip or tar.")


@asynccontextmanager
async def read_upload(request: Request, limits: StoreConfig) -> AsyncIterator[Wanted]:
    """Its files are there while the context lasts. Raises BadRequest, MoloraError (507) for a full disk."""
    limited = limit_body(request, limits.max_upload_mib * MIB + FORM_BYTES)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadRequest("send the expert as multipart/form-data")
    with writing(), gone_refused():
        form = await limited.form(max_files=MAX_FILES, max_part_size=MAX_FIELD_BYTES)
    try:
        yield _read(form, limits)
    finally:
        await form.close()


def _read(form: FormData, limits: StoreConfig) -> Wanted:
    naming, fields = _fields(form)
    named = check(Naming, naming)
    if named.name in RESERVED:
        raise BadRequest(f"'{named.name}' is a reserved name", param="name")
    profile = check(ExpertProfile, fields)
    return Wanted(named.name, profile, _Source(form, named.folder, limits), named.replace)


def _fields(form: FormData) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of Naming and of ExpertProfile, their values read as JSON where they are no plain text."""
    values: dict[str, Any] = {}
    for key in form:
        if key not in ("files", "archive"):
            values[key] = _value(key, form.getlist(key))
    naming = {key: values.pop(key) for key in Naming.model_fields if key in values}
    return naming, values


def _value(key: str, given: list[UploadFile | str]) -> Any:
    texts = [value for value in given if isinstance(value, str)]
    if len(texts) != len(given):
        raise BadRequest(f"{key} is a field, not a file", param=key)
    if key == "examples" and not texts[0].lstrip().startswith("["):
        return texts
    if len(texts) > 1:
        raise BadRequest(f"{key} is given more than once", param=key)
    return _json(key, texts[0]) if key in ("examples", "response_schema", "defaults") else texts[0]


def _json(key: str, text: str) -> Any:
    """Without what Python reads and no answer could tell again: NaN, infinity, half of a surrogate pair."""
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        if depth(value) <= MAX_DEPTH:
            return value
    except (ValueError, RecursionError):
        raise BadRequest(f"{key} must be JSON", param=key) from None
    raise BadRequest(f"{key} is nested more than {MAX_DEPTH} deep", param=key)


class _Source:
    """Puts the uploaded files, the archive's or those of a folder at hand into a folder of the store."""

    def __init__(self, form: FormData, folder: str | None, limits: StoreConfig) -> None:
        given = [name for name in SOURCES if name in form]
        if len(given) != 1:
            raise BadRequest(f"give the adapter as one of {', '.join(SOURCES)}", param="files")
        self._files = [_file(part, given[0]) for name in ("files", "archive") for part in form.getlist(name)]
        self._archive = given[0] == "archive"
        self._folder = folder and _import(folder, limits)
        self._max_bytes = limits.max_upload_mib * MIB

    def __call__(self, folder: Path) -> None:
        if self._folder:
            import_folder(Path(self._folder), folder, self._max_bytes)
        elif self._archive:
            unpack(self._files[0].file, folder, self._max_bytes)
        else:
            receive([(part.filename or "", part.file) for part in self._files], folder, self._max_bytes)


def _file(part: UploadFile | str, name: str) -> UploadFile:
    if isinstance(part, str):
        raise BadRequest(f"{name} must be sent as a file", param=name)
    return part


def _import(folder: str, limits: StoreConfig) -> Path:
    if limits.imports is None or not (limits.imports / folder).is_dir():
        raise BadRequest(f"there is no folder '{folder}' to import", param="folder")
    return limits.imports / folder

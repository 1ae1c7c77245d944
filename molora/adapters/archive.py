"""Zip and tar archives of strangers: every entry goes through an intake, and no header may take much memory."""

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, Protocol, cast

from molora.adapters.intake import CHUNK, Intake
from molora.adapters.wording import shown

MAX_HEADERS = 1 << 20
"""Bytes of an archive that are not its files'."""

MAX_ENDS = 8
"""How often the end of a tar may be met; once or twice is usual."""

DAMAGE = (
    *(ArithmeticError, EOFError, LookupError, OSError, RuntimeError, ValueError),
    *(lzma.LZMAError, struct.error, tarfile.TarError, zipfile.BadZipFile, zlib.error),
)
"""What the libraries raise about archives that are broken, or made to break them."""


class Readable(Protocol):
    """A stream that is read in pieces."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at its end."""


def unpack_into(intake: Intake, archive: BinaryIO) -> None:
    """Told apart by content: zip, tar, tar.gz, tar.bz2, tar.xz. Raises BadRequest."""
    start = archive.read(6)
    archive.seek(0)
    with _damage_refused(intake):
        if start.startswith(b"PK"):
            _unzip(intake, archive)
        else:
            _untar(intake, _Metered(intake, _decompressed(archive, start)))


@contextmanager
def _damage_refused(intake: Intake) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise intake.refusal("the archive is damaged, or is none of zip, tar, tar.gz, tar.bz2 and tar.xz") from error


def _unzip(intake: Intake, archive: BinaryIO) -> None:
    with zipfile.ZipFile(cast("IO[bytes]", _Sipped(intake, archive))) as file:
        for info in file.infolist():
            _take_zipped(intake, file, info)


def _take_zipped(intake: Intake, file: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    name = info.orig_filename
    if info.is_dir():
        intake.pass_folder(name.removesuffix("/"))
        return
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        raise intake.refusal(f"{shown(name)} is a link or a device")
    if info.flag_bits & 1:
        raise intake.refusal(f"{shown(name)} is encrypted")
    # Of other methods zipfile decompresses a chunk whole, whatever it grows to.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise intake.refusal(f"{shown(name)} is compressed by a method other than deflate")
    with file.open(info) as source:
        intake.take(name, source)


class _Sipped:
    """A file of which no read returns more than MAX_HEADERS, since zipfile reads a whole directory at once."""

    def __init__(self, intake: Intake, file: BinaryIO) -> None:
        self._intake, self._file = intake, file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(MAX_HEADERS + 1 if size < 0 else min(size, MAX_HEADERS + 1))
        if len(data) > MAX_HEADERS:
            raise self._intake.refusal("the archive's directory is too large", status=413)
        return data


def _decompressed(archive: BinaryIO, start: bytes) -> Readable:
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=archive, mode="rb")
    if start.startswith(b"BZh"):
        return bz2.BZ2File(archive)
    return lzma.LZMAFile(archive) if start == b"\xfd7zXZ\x00" else archive


def _untar(intake: Intake, stream: "_Metered") -> None:
    with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as tar:
        for member in tar:
            _take_tarred(intake, stream, tar, member)
    # To the end, where a compressed stream has its checksum.
    while stream.read(CHUNK):
        pass


def _take_tarred(intake: Intake, stream: "_Metered", tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    if member.isdir():
        intake.pass_folder(member.name)
        return
    if not member.isreg() or member.issparse():
        raise intake.refusal(f"{shown(member.name)} is a link, a device or a file with holes")
    stream.allow(member.size)
    source = tar.extractfile(member)
    assert source is not None
    intake.take(member.name, source)


class _Metered:
    """A stream of which only what was allowed is read, and MAX_HEADERS: tarfile reads headers of any length whole.

    Nor is it read at its end for ever: tarfile passes over as many bytes as a header says.
    """

    def __init__(self, intake: Intake, stream: Readable) -> None:
        self._intake, self._stream, self._left, self._num_ends = intake, stream, MAX_HEADERS, 0

    def allow(self, num_bytes: int) -> None:
        self._left += max(num_bytes, 0)

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise self._intake.refusal("the archive's headers are too large", status=413)
        self._num_ends += not data
        if self._num_ends > MAX_ENDS:
            raise EOFError
        return data

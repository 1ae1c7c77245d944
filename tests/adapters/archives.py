"""Archives of every kind, good and made to break their readers."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping

Files = Mapping[str, bytes]
FILES = {"adapter_config.json": b"{}", "adapter_model.safetensors": bytes(range(256)) * 4000}


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files: Files, compression: str = "") -> bytes:
    return tar_of([(tarfile.TarInfo(name), content) for name, content in files.items()], compression)


def tar_of(members: list[tuple[tarfile.TarInfo, bytes]], compression: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def special(name: str, kind: bytes, target: str = "") -> bytes:
    """A tar file of one link or device."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return tar_of([(info, b"")])


def zip_of_mode(mode: int, name: str = "adapter_config.json") -> bytes:
    """Of one entry with these bits of a file's mode."""
    buffer = io.BytesIO()
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def encrypted_zip() -> bytes:
    """The flag alone is enough: zipfile cannot write such."""
    data = bytearray(zipped({"adapter_config.json": b"{}"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


def pax_bomb(num_bytes: int) -> bytes:
    """A header alone: tarfile would read it whole."""
    return special_header(tarfile.XHDTYPE, b"0" * num_bytes)


def long_name_bomb(depth: int) -> bytes:
    """Headers about headers about headers: tarfile recurses."""
    return special_header(tarfile.GNUTYPE_LONGNAME, b"x" * 10) * depth


def special_header(kind: bytes, content: bytes) -> bytes:
    info = tarfile.TarInfo("header")
    info.type, info.size = kind, len(content)
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512)


def tar_of_size(size: int) -> bytes:
    """The header of a file that says it is this large."""
    header = bytearray(special_header(tarfile.REGTYPE, b"")[:512])
    header[124:136] = (size % 2**96 | 2**95).to_bytes(12, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(10_240)


def endless_tar() -> bytes:
    """A file of one byte, behind which 2^80 bytes are to be passed over."""
    return special_header(tarfile.XHDTYPE, b"25 GNU.sparse.realsize=1\n") + tar_of_size(2**80)


def crowded_zip() -> bytes:
    """So many entries that their directory alone is megabytes."""
    return zipped({f"{i:0200}": b"" for i in range(6000)}, zipfile.ZIP_STORED)


def sparse_tar() -> bytes:
    """A file of 1 TiB that takes no place."""
    info = tarfile.TarInfo("adapter_model.safetensors")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, 0
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % 2**33
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1024)


HOSTILE: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "zip slip": (lambda: zipped({"../../evil": b"x"}), 400, "no plain file name"),
    "zip slip in a folder": (lambda: zipped({"top/../evil": b"x"}), 400, "no plain file name"),
    "zip absolute": (lambda: zipped({"/etc/evil": b"x"}), 400, "no plain file name"),
    "zip backslash": (lambda: zipped({"..\\evil": b"x"}), 400, "no plain file name"),
    "zip drive": (lambda: zipped({"C:\\evil": b"x"}), 400, "no plain file name"),
    "zip deep": (lambda: zipped({"a/b/c.json": b"x"}), 400, "no plain file name"),
    "zip long name": (lambda: zipped({"x" * 300: b"x"}), 400, "no plain file name"),
    "zip NUL": (
        lambda: zipped({"adapter_config.jsonX.so": b"x"}).replace(b"jsonX", b"json\0"),
        400,
        "no plain file name",
    ),
    "zip twice": (lambda: zipped({"a.json": b"x", "A.JSON": b"y"}), 400, "is there twice"),
    "zip two folders": (lambda: zipped({"a/a.json": b"x", "b/b.json": b"y"}), 400, "in one folder"),
    "zip inside and beside": (lambda: zipped({"a/a.json": b"x", "b.json": b"y"}), 400, "in one folder"),
    "zip folder within": (lambda: zipped({"a/b/": b""}), 400, "is a folder within"),
    "zip folder above": (lambda: zipped({"../": b""}), 400, "is a folder within"),
    "zip link": (lambda: zip_of_mode(stat.S_IFLNK | 0o777), 400, "a link or a device"),
    "zip device": (lambda: zip_of_mode(stat.S_IFCHR | 0o666), 400, "a link or a device"),
    "zip encrypted": (encrypted_zip, 400, "is encrypted"),
    "zip bzip2": (lambda: zipped({"a.json": b"x"}, zipfile.ZIP_BZIP2), 400, "other than deflate"),
    "zip many": (lambda: zipped({f"{i}.json": b"" for i in range(33)}), 400, "at most 32"),
    "zip crowded": (crowded_zip, 413, "directory is too large"),
    "zip bomb": (lambda: zipped({"a.json": bytes(20_000_000)}), 413, "larger than 10000000 bytes"),
    "zip bombs": (lambda: zipped({f"{i}.json": bytes(4_000_000) for i in range(3)}), 413, "larger than"),
    "zip bomb as junk": (lambda: zipped({"__MACOSX/a": bytes(20_000_000)}), 413, "larger than"),
    "tar slip": (lambda: tarred({"../evil": b"x"}), 400, "no plain file name"),
    "tar absolute": (lambda: tarred({"/etc/evil": b"x"}), 400, "no plain file name"),
    "tar not UTF-8": (lambda: tarred({"\udcff.json": b"x"}), 400, "no plain file name"),
    "tar no name": (lambda: tarred({"": b"x"}), 400, "no plain file name"),
    "tar folder above": (lambda: special("..", tarfile.DIRTYPE), 400, "is a folder within"),
    "tar link": (lambda: special("a.json", tarfile.SYMTYPE, "/etc/passwd"), 400, "a link, a device"),
    "tar hard link": (lambda: special("a.json", tarfile.LNKTYPE, "/etc/passwd"), 400, "a link, a device"),
    "tar device": (lambda: special("a.json", tarfile.CHRTYPE), 400, "a link, a device"),
    "tar pipe": (lambda: special("a.json", tarfile.FIFOTYPE), 400, "a link, a device"),
    "tar twice": (
        lambda: tar_of([(tarfile.TarInfo("a.json"), b"x"), (tarfile.TarInfo("a.json"), b"y")]),
        400,
        "there twice",
    ),
    "tar many": (lambda: tarred({f"{i}.json": b"" for i in range(33)}), 400, "at most 32"),
    "tar bomb gz": (lambda: tarred({"a.json": bytes(20_000_000)}, "gz"), 413, "larger than"),
    "tar bomb bz2": (lambda: tarred({"a.json": bytes(20_000_000)}, "bz2"), 413, "larger than"),
    "tar bomb xz": (lambda: tarred({"._a": bytes(20_000_000)}, "xz"), 413, "larger than"),
    "tar bomb after the end": (lambda: tarred({"a.json": b"x"}) + bytes(5_000_000), 413, "headers are too large"),
    "tar sparse": (sparse_tar, 400, "with holes"),
    "tar of negative size": (lambda: tar_of_size(-(2**40)), 400, "is damaged"),
    "tar too short": (lambda: tar_of_size(2**80), 400, "is damaged"),
    "tar endless": (endless_tar, 400, "is damaged"),
    "tar pax bomb": (lambda: pax_bomb(5_000_000), 413, "headers are too large"),
    "tar headers of headers": (lambda: long_name_bomb(1200), 400, "is damaged"),
    "nothing": (lambda: b"", 400, "is damaged"),
    "garbage": (lambda: b"garbage" * 1000, 400, "is damaged"),
    "only a start": (lambda: b"PK\x03\x04", 400, "is damaged"),
    "a pickle": (lambda: b"\x80\x04K\x01.", 400, "is damaged"),
    "gz garbage": (lambda: b"\x1f\x8b" + b"x" * 1000, 400, "is damaged"),
    "bz2 garbage": (lambda: b"BZh9" + b"x" * 1000, 400, "is damaged"),
    "xz garbage": (lambda: b"\xfd7zXZ\0" + b"x" * 1000, 400, "is damaged"),
}
"""Each with the status and a part of the message, where 10 MB are allowed."""

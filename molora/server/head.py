"""A request's head, refused where a proxy in front may read it otherwise: what llhttp, strict as it is, lets pass."""

from collections.abc import Sequence

MAX_HEAD_BYTES = 2**16
MAX_HEADERS = 128
VERSIONS = ("1.0", "1.1")

Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case."""


def is_plain(method: bytes, target: bytes, version: str, headers: Headers) -> bool:
    """Whether there is one way to read it, and it is not too large."""
    return (
        version in VERSIONS
        and method != b"CONNECT"
        and target.startswith(b"/")
        and b"#" not in target
        and _is_framed(version, headers)
        and _is_small(target, headers)
    )


def _is_framed(version: str, headers: Headers) -> bool:
    """One host, which HTTP/1.0 may leave out, and no coding of the body but one `chunked`, which HTTP/1.0 has not."""
    hosts = [value for name, value in headers if name == b"host"]
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    if version == "1.0":
        return len(hosts) <= 1 and not codings
    return len(hosts) == 1 and codings in ([], [b"chunked"])


def _is_small(target: bytes, headers: Headers) -> bool:
    size = len(target) + sum(len(name) + len(value) for name, value in headers)
    return len(headers) <= MAX_HEADERS and size <= MAX_HEAD_BYTES

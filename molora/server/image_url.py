"""An http or https URL of a picture, read strictly: what two parsers could read differently is refused."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urljoin

import idna

from molora.config import HOST_NAME

FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
URL = re.compile(r"(https?)://(\[[^][/?#@]*\]|[^][:/?#@]+)(:[^/?#@]*)?((?:[/?][^#]*)?)(?:#.*)?", re.IGNORECASE)
MAX_LENGTH = 4096
PORTS = {"http": 80, "https": 443}


class RefusedURL(Exception):  # noqa: N818
    """`str` of it is for the client."""


@dataclass(frozen=True)
class Target:
    """`host` is in ASCII and lower case, an IPv6 address without its brackets; `path` has the query with it."""

    scheme: str
    host: str
    path: str

    @property
    def port(self) -> int:
        return PORTS[self.scheme]


def read_target(url: str, hosts: Sequence[str]) -> Target:
    """Raises RefusedURL for any but a plain URL, on its scheme's port, of one of the hosts."""
    match = None if len(url) > MAX_LENGTH or FORBIDDEN.search(url) else URL.fullmatch(url)
    if match is None:
        raise RefusedURL("the image's URL is not a plain http or https URL")
    scheme, host, port, path = match[1].lower(), _read_host(match[2]), match[3], match[4]
    if port not in (None, f":{PORTS[scheme]}"):
        raise RefusedURL("images are fetched from the default ports only")
    if not any(_is_under(host, allowed) for allowed in hosts):
        raise RefusedURL("images are not fetched from this host")
    return Target(scheme, host, path if path.startswith("/") else f"/{path}")


def read_redirect(base: str, location: str) -> str:
    """Checked before it is joined: joining would drop tabs and line ends."""
    if len(location) <= MAX_LENGTH and not FORBIDDEN.search(location):
        with suppress(ValueError):
            return urljoin(base, location)
    raise RefusedURL("the image's URL redirects to what is not a plain http or https URL")


def _read_host(host: str) -> str:
    """In one spelling: an address as `ipaddress` writes it, a name in lower case and punycode."""
    with suppress(ValueError):
        return str(IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host))
    with suppress(idna.IDNAError):
        name = host.lower() if host.isascii() else idna.encode(host.lower()).decode()
        if HOST_NAME.fullmatch(name):
            return name
    raise RefusedURL("the host of the image's URL is not valid")


def _is_under(host: str, allowed: str) -> bool:
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed

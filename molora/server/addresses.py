"""A host's address, resolved once, and only where all of its addresses are the public internet's."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from molora.server.image_url import RefusedURL

NOT_PUBLIC_4 = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments; Oracle's metadata service
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("168.63.129.16/32"),  # Azure's metadata service
)
PUBLIC_6 = IPv6Network("2000::/3")
NOT_PUBLIC_6 = (IPv6Network("2001::/23"), IPv6Network("3fff::/20"))
NAT64 = IPv6Network("64:ff9b::/96")

Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [str(address[0]) for *_, address in found]


async def public_address(host: str, port: int, resolver: Resolve = resolve) -> tuple[str, int]:
    """Where to connect to. Raises RefusedURL, with the same words for no address and for one that is not public."""
    try:
        addresses = [ip_address(address) for address in await resolver(host, port)]
    except (OSError, ValueError):
        addresses = []
    if not addresses or not all(map(is_public, addresses)):
        raise RefusedURL("the host of the image's URL has no public address")
    return str(addresses[0]), port


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Stricter than `is_global`, which knows no multicast; an IPv4 address within an IPv6 one is what counts."""
    if isinstance(address, IPv4Address):
        named = any(address in network for network in NOT_PUBLIC_4)
        return address.is_global and not (address.is_multicast or address.is_reserved or named)
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return address in PUBLIC_6 and address.is_global and not any(address in network for network in NOT_PUBLIC_6)


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour

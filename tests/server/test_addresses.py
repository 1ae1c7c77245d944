"""Only the public internet's addresses are connected to."""

from ipaddress import ip_address

import pytest

from molora.server.addresses import is_public, public_address, resolve
from molora.server.image_url import RefusedURL

NOT_PUBLIC = (
    *("0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "192.88.99.1", "168.63.129.16", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::"),
    *("2002:c0a8:101::1", "2002:a9fe:a9fe::", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2001:10::1", "3fff::1"),
    *("fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
    *("100::1", "5f00::1", "4000::1"),
)
PUBLIC = (
    *("8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::200e"),
    *("64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "2002:808:808::"),
)


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_what_is_not_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    for found in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        with pytest.raises(RefusedURL) as caught:
            await public_address("pictures.example.org", 443, Finding(found))
        assert address not in str(caught.value)


@pytest.mark.parametrize("address", PUBLIC)
async def test_what_is_the_public_internet_is_connected_to(address: str) -> None:
    assert is_public(ip_address(address))
    resolver = Finding([address, "8.8.4.4"])
    assert await public_address("pictures.example.org", 443, resolver) == (str(ip_address(address)), 443)
    assert resolver.asked == [("pictures.example.org", 443)]


@pytest.mark.parametrize("found", [[], OSError("127.0.0.53 did not answer"), UnicodeError("label too long")])
async def test_a_name_without_an_address_is_refused_in_the_same_words(found: list[str] | Exception) -> None:
    with pytest.raises(RefusedURL, match=r"^the host of the image's URL has no public address$"):
        await public_address("pictures.example.org", 443, Finding(found))


async def test_an_address_resolves_to_itself() -> None:
    assert await resolve("127.0.0.1", 80) == ["127.0.0.1"]


class Finding:
    """A resolver that always finds the same."""

    def __init__(self, found: list[str] | Exception) -> None:
        self.found = found
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

"""Pictures are fetched from allowed hosts only, at the address that was checked, and within limits."""

import gzip
import ssl
from typing import Any

import pytest

from molora.config import MediaConfig
from molora.errors import BadRequest
from molora.server.fetch import Fetcher
from tests.pictures import png
from tests.server.hostile_urls import HOSTILE_URLS
from tests.server.picture_host import CERTIFICATE, PictureHost, answer, hosting, redirect

HOSTS = ("pictures.example.org", "*.cdn.example.org")
BASE = "http://pictures.example.org"


def fetcher(host: PictureHost, **limits: Any) -> Fetcher:
    return Fetcher(MediaConfig(hosts=HOSTS, **limits), host.dial)


async def refusal(fetcher: Fetcher, url: str = f"{BASE}/") -> str:
    with pytest.raises(BadRequest) as caught:
        await fetcher.fetch(url, "here")
    assert (caught.value.status, caught.value.code, caught.value.param) == (400, "invalid_image_url", "here")
    assert "127.0.0.1" not in caught.value.message
    return caught.value.message


async def test_a_picture_is_fetched_from_the_address_under_the_hosts_name() -> None:
    async with hosting({"/a.png?b=c": answer(set_cookie="a=b")}) as host:
        assert await fetcher(host).fetch("http://Pictures.example.org:80/a.png?b=c#d", "here") == png()
    assert host.dialled == [("pictures.example.org", 80)]
    head = host.asked[0].lower()
    assert "\r\nhost: pictures.example.org\r\n" in head
    assert "\r\naccept-encoding: identity\r\n" in head


async def test_nothing_is_carried_from_one_request_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with hosting({"/a": answer(set_cookie="a=b; Domain=pictures.example.org")}) as host:
        shared = fetcher(host)
        for _ in range(2):
            await shared.fetch(f"{BASE}/a", "here")
    assert "cookie" not in host.asked[1].lower()
    assert len(host.dialled) == 2


@pytest.mark.parametrize("url", HOSTILE_URLS)
async def test_a_hostile_url_reaches_no_resolver(url: str) -> None:
    host = PictureHost({})
    assert await refusal(fetcher(host), url)
    assert not host.dialled


@pytest.mark.parametrize("url", [url for url in HOSTILE_URLS if "\n" not in url and url[0] not in " /p"])
async def test_a_redirect_to_a_hostile_url_is_not_followed(url: str) -> None:
    async with hosting({"/": redirect(url)}) as host:
        assert await refusal(fetcher(host))
    assert host.paths == ["/"]


async def test_the_real_resolver_keeps_to_the_public_internet() -> None:
    limits = MediaConfig(hosts=("127.0.0.1", "::1", "169.254.169.254"))
    for url in ("http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/"):
        assert "no public address" in await refusal(Fetcher(limits), url)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_redirects_among_allowed_hosts_are_followed(status: str) -> None:
    answers = {"/": redirect("b", status), "/b": redirect("//x.cdn.example.org/c", status), "/c": answer()}
    async with hosting(answers) as host:
        assert await fetcher(host).fetch(f"{BASE}/", "here") == png()
    assert host.dialled == [("pictures.example.org", 80)] * 2 + [("x.cdn.example.org", 80)]


@pytest.mark.parametrize("most", [0, 2])
async def test_redirects_end(most: int) -> None:
    async with hosting({"/": redirect("/")}) as host:
        assert f"more than {most} times" in await refusal(fetcher(host, max_redirects=most))
    assert len(host.asked) == most + 1


@pytest.mark.parametrize(
    "said",
    [
        answer(b"<html>", content_type="text/html"),
        answer(content_type="application/json"),
        answer(content_type=""),
        answer(status="404 Not Found"),
        answer(status="500 Oops"),
        answer(status="206 Partial Content"),
        answer(status="304 Not Modified"),
        answer(status="401 Who", www_authenticate="Basic"),
        answer(gzip.compress(bytes(10**7)), content_encoding="gzip"),
        answer(content_encoding="br"),
        answer(content_length="100000"),
        answer(b"zz\r\n", transfer_encoding="chunked"),
        answer(status="101 Switching Protocols", upgrade="x"),
        redirect(""),
        answer(status="302 Found"),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\n" + b"a: " + b"b" * 500_000,
    ],
)
async def test_what_is_no_picture_as_asked_for_is_refused(said: bytes) -> None:
    async with hosting({"/": said}) as host:
        assert await refusal(fetcher(host))


@pytest.mark.parametrize("endless", [bytes(10_000), b"2710\r\n" + bytes(10_000) + b"\r\n"], ids=["plain", "chunked"])
async def test_a_body_without_an_end_is_cut(endless: bytes) -> None:
    headers = {"transfer_encoding": "chunked"} if endless[:1] == b"2" else {}
    async with hosting({"/": (answer(b"", **headers), endless)}) as host:
        assert "more than 50000 bytes" in await refusal(fetcher(host, max_bytes=50_000))


@pytest.mark.parametrize("size", [49_999, 50_000])
async def test_a_body_at_the_limit_is_taken(size: int) -> None:
    async with hosting({"/": answer(bytes(size))}) as host:
        assert len(await fetcher(host, max_bytes=50_000).fetch(f"{BASE}/", "here")) == size


@pytest.mark.parametrize("drip", [(b"", b""), (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"), (answer(b""), b"a")])
async def test_a_slow_host_is_left_in_the_end(drip: tuple[bytes, bytes]) -> None:
    async with hosting({"/": drip}) as host:
        message = await refusal(fetcher(host, timeout_s=0.05))
    assert message == "the image was not fetched within 0.05 s"


async def test_a_closed_port_is_refused_without_its_address() -> None:
    assert await refusal(fetcher(PictureHost({}, port=1))) == "the image could not be fetched"


@pytest.mark.parametrize(("name", "fetched"), [("pictures.example.org", True), ("x.cdn.example.org", False)])
async def test_a_certificate_is_held_against_the_hosts_name(name: str, fetched: bool) -> None:
    trusting = ssl.create_default_context(cafile=CERTIFICATE)
    async with hosting({"/": answer()}, tls=True) as host:
        shared = Fetcher(MediaConfig(hosts=HOSTS), host.dial, trusting)
        if fetched:
            assert await shared.fetch(f"https://{name}/", "here") == png()
        else:
            assert await refusal(shared, f"https://{name}/") == "the image could not be fetched"
    assert host.dialled == [(name, 443)]


async def test_a_certificate_that_nobody_signed_is_refused() -> None:
    async with hosting({"/": answer()}, tls=True) as host:
        assert await refusal(fetcher(host), "https://pictures.example.org/") == "the image could not be fetched"
    assert not host.asked

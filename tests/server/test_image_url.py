"""URLs of pictures mean one thing, or are refused."""

import pytest

from molora.server.image_url import RefusedURL, Target, read_redirect, read_target
from tests.server.hostile_urls import HOSTILE_URLS

HOSTS = ("pictures.example.org", "*.cdn.example.org", "xn--bcher-kva.example", "93.184.215.14", "2606:4700::1111")


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_url_is_refused(url: str) -> None:
    with pytest.raises(RefusedURL):
        read_target(url, HOSTS)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://pictures.example.org/a.png", Target("https", "pictures.example.org", "/a.png")),
        ("http://pictures.example.org", Target("http", "pictures.example.org", "/")),
        ("HTTPS://PICTURES.Example.org:443/A?b=c#d", Target("https", "pictures.example.org", "/A?b=c")),
        ("http://pictures.example.org:80?b=@:", Target("http", "pictures.example.org", "/?b=@:")),
        ("https://a.b.cdn.example.org/x@y:z", Target("https", "a.b.cdn.example.org", "/x@y:z")),
        ("https://Bücher.example/ü.png", Target("https", "xn--bcher-kva.example", "/ü.png")),
        ("https://b\u00fccher\u3002example/", Target("https", "xn--bcher-kva.example", "/")),
        ("https://xn--bcher-kva.example/", Target("https", "xn--bcher-kva.example", "/")),
        ("http://93.184.215.14/a.png", Target("http", "93.184.215.14", "/a.png")),
        ("https://[2606:4700:0:0::1111]:443/", Target("https", "2606:4700::1111", "/")),
    ],
)
def test_a_plain_url_of_an_allowed_host_is_read(url: str, target: Target) -> None:
    assert read_target(url, HOSTS) == target


def test_without_hosts_nothing_is_allowed() -> None:
    with pytest.raises(RefusedURL):
        read_target("https://pictures.example.org/a.png", ())


@pytest.mark.parametrize("location", ["\thttps://a.example", "a\r\nb", "\\\\evil.example", "a" * 5000, "//[::1"])
def test_a_redirect_is_checked_before_it_is_joined(location: str) -> None:
    with pytest.raises(RefusedURL):
        read_redirect("https://pictures.example.org/a/b.png", location)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("c.png", "https://pictures.example.org/a/c.png"),
        ("/c.png", "https://pictures.example.org/c.png"),
        ("//x.cdn.example.org/", "https://x.cdn.example.org/"),
        ("http://x.cdn.example.org/", "http://x.cdn.example.org/"),
    ],
)
def test_a_redirect_may_be_relative(location: str, url: str) -> None:
    assert read_redirect("https://pictures.example.org/a/b.png", location) == url

"""A request's pictures are counted, fetched and decoded once each, from the client's JSON to router and engine."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import httpx
import pytest
from PIL import Image

from molora.config import MediaConfig
from molora.server import pictures
from molora.server.app import create_app
from molora.server.fetch import Fetcher
from tests.pictures import ask, data_url, huge_png, png
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config
from tests.server.picture_host import Answer, PictureHost, answer, hosting

BASE = "http://pictures.example.org"
BLUE = png(Image.new("RGB", (8, 8), "blue"))
LIMITS = MediaConfig(
    hosts=("pictures.example.org",), max_images=3, max_bytes=5000, max_side=100, max_redirects=0, timeout_s=600
)


@pytest.fixture
async def host() -> AsyncIterator[PictureHost]:
    answers: dict[str, Answer] = {
        "/red": answer(),
        "/blue": answer(BLUE),
        "/text": answer(b"text", content_type="text/plain"),
        "/svg": answer(b"<svg/>", content_type="image/svg+xml"),
        "/wide": answer(huge_png(101, 100)),
        "/heavy": answer(bytes(5001)),
        "/slow": (b"", b""),
    }
    async with hosting(answers) as host:
        yield host


@pytest.fixture
async def fetching(
    host: PictureHost, engine: FakeEngine, router: FakeRouter, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A deployment that fetches pictures, and whose connections lead to `host`."""
    monkeypatch.setattr(pictures, "Fetcher", partial(Fetcher, dial=host.dial))
    async with calling(create_app(make_config(media=LIMITS), engine, router)) as client:
        yield client


def images(*urls: str) -> list[dict[str, Any]]:
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [{"role": "user", "content": [*parts, {"type": "text", "text": "who?"}]}]


async def chat(http: httpx.AsyncClient, *urls: str) -> httpx.Response:
    return await http.post("/v1/chat/completions", json={"model": "auto", "messages": images(*urls)})


async def test_pictures_reach_router_and_engine_decoded_once(
    fetching: httpx.AsyncClient, host: PictureHost, engine: FakeEngine, router: FakeRouter
) -> None:
    assert (await chat(fetching, f"{BASE}/red", data_url(BLUE), f"{BASE}/red")).status_code == 200
    assert host.paths == ["/red"]
    parts = engine.asked[0][1][-1]["content"][:3]
    red, blue, again = [part["image_pil"] for part in parts]
    assert (red.getpixel((0, 0)), blue.getpixel((0, 0))) == ((255, 0, 0), (0, 0, 255))
    assert red is again
    assert all(seen is used for seen, used in zip(router.queries[0].images, (red, blue, red), strict=True))


async def test_pictures_of_one_request_are_fetched_at_the_same_time(
    host: PictureHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = asyncio.Barrier(2)

    async def dial(name: str, port: int) -> tuple[str, int]:
        await both.wait()
        return await host.dial(name, port)

    monkeypatch.setattr(pictures, "Fetcher", partial(Fetcher, dial=dial))
    read = pictures.Pictures(LIMITS).read({"a": f"{BASE}/red", "b": f"{BASE}/blue"})
    assert {param: image.size for param, image in (await read).items()} == {"a": (56, 56), "b": (8, 8)}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"{BASE}/text", "invalid_image_url"),
        (f"{BASE}/none", "invalid_image_url"),
        (f"{BASE}/heavy", "invalid_image_url"),
        (f"{BASE}/svg", "invalid_image"),
        (f"{BASE}/wide", "image_too_large"),
        ("http://169.254.169.254/latest/meta-data/", "invalid_image_url"),
        ("https://user@pictures.example.org/red", "invalid_image_url"),
        ("file:///etc/passwd", "invalid_image_url"),
        ("/etc/passwd", "invalid_image_url"),
        (data_url(bytes(5001)), "image_too_large"),
        (data_url(huge_png(101, 100)), "image_too_large"),
        (data_url(b""), "invalid_image"),
        ("data:image/png,abc", "invalid_image"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/route"])
async def test_the_picture_at_fault_is_named(
    fetching: httpx.AsyncClient, engine: FakeEngine, path: str, url: str, code: str
) -> None:
    body = {"model": "auto", "messages": images(data_url(BLUE), url)}
    param = "messages.0.content.1.image_url"
    if path == "/v1/route":
        body = {"queries": [{"question": "who?"}, {"question": "who?", "image": url}]}
        param = "queries.1.image"
    response = await fetching.post(path, json=body)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (400, code, param)
    assert "127.0.0.1" not in error["message"]
    assert not engine.asked


async def test_one_failure_ends_the_other_fetches(fetching: httpx.AsyncClient) -> None:
    """`/slow` alone would take ten minutes."""
    response = await asyncio.wait_for(chat(fetching, f"{BASE}/slow", f"{BASE}/text"), 60)
    assert response.json()["error"]["param"] == "messages.0.content.1.image_url"


async def test_too_many_pictures_are_refused_before_any_is_fetched(
    fetching: httpx.AsyncClient, host: PictureHost
) -> None:
    url = f"{BASE}/red"
    turns = [*images(url), {"role": "assistant", "content": "Ann."}, *images(url, url, url)]
    in_chat = await fetching.post("/v1/chat/completions", json={"model": "auto", "messages": turns})
    in_route = await fetching.post("/v1/route", json={"queries": [{"question": "who?", "image": url}] * 4})
    for response, param in ((in_chat, "messages.2.content.2.image_url"), (in_route, "queries.3.image")):
        error = response.json()["error"]
        assert (response.status_code, error["code"], error["param"]) == (400, "too_many_images", param)
    assert not host.asked


async def test_nothing_is_fetched_for_a_request_that_is_refused_anyway(
    fetching: httpx.AsyncClient, host: PictureHost
) -> None:
    turns = [*images(f"{BASE}/red"), {"role": "user", "content": [5]}]
    response = await fetching.post("/v1/chat/completions", json={"model": "auto", "messages": turns})
    assert response.json()["error"]["param"] == "messages.1.content.0"
    assert not host.asked


async def test_fetched_pictures_are_routed_by_too(fetching: httpx.AsyncClient, router: FakeRouter) -> None:
    queries = [{"question": "who?"}, {"question": "where?", "image": f"{BASE}/blue"}]
    assert (await fetching.post("/v1/route", json={"queries": queries})).status_code == 200
    assert [[image.size for image in query.images] for query in router.queries] == [[], [(8, 8)]]


@pytest.mark.parametrize("url", [f"{BASE}/red", "https://example.org/a.png", "file:///etc/passwd", "//a/b.png", "x"])
async def test_without_hosts_only_data_urls_are_served(http: httpx.AsyncClient, url: str) -> None:
    response = await http.post("/v1/chat/completions", json={"model": "auto", "messages": ask(url)})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "invalid_image_url")
    assert "only data URLs" in error["message"]

"""A picture over http or https: from allowed hosts and public addresses, within limits of size, time and redirects."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import httpx

from molora.config import MediaConfig
from molora.errors import BadRequest
from molora.server.addresses import public_address
from molora.server.image_url import RefusedURL, Target, read_redirect, read_target

HEADERS = {
    "accept": "image/png, image/jpeg, image/webp, image/gif",
    "accept-encoding": "identity",
    "user-agent": "molora",
}
REDIRECTS = (301, 302, 303, 307, 308)

Dial = Callable[[str, int], Awaitable[tuple[str, int]]]


class Fetcher:
    """`dial` says to which address and port a connection for a host and port goes; tests give their own."""

    def __init__(self, limits: MediaConfig, dial: Dial = public_address, tls: ssl.SSLContext | None = None) -> None:
        self._limits, self._dial = limits, dial
        self._tls = tls or httpx.create_ssl_context(trust_env=False)

    async def fetch(self, url: str, param: str) -> bytes:
        """The picture's bytes. Raises BadRequest, which says nothing of the addresses behind a name."""
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                return await self._follow(url)
        except RefusedURL as refused:
            message = str(refused)
        except TimeoutError:
            message = f"the image was not fetched within {self._limits.timeout_s:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            message = "the image could not be fetched"
        raise BadRequest(message, param=param, code="invalid_image_url")

    async def _follow(self, url: str) -> bytes:
        for _ in range(self._limits.max_redirects + 1):
            answer = await self._get(read_target(url, self._limits.hosts))
            if isinstance(answer, bytes):
                return answer
            url = read_redirect(url, answer)
        raise RefusedURL(f"the image's URL redirects more than {self._limits.max_redirects} times")

    async def _get(self, target: Target) -> bytes | str:
        """The body, or where it redirects to. A client of its own: a kept connection was verified for another name."""
        address, port = await self._dial(target.host, target.port)
        literal = f"[{address}]" if ":" in address else address
        name = f"[{target.host}]" if ":" in target.host else target.host
        async with (
            httpx.AsyncClient(verify=self._tls, trust_env=False, timeout=None) as client,
            client.stream(
                "GET",
                f"{target.scheme}://{literal}:{port}{target.path}",
                headers=HEADERS | {"host": name},
                extensions={"sni_hostname": target.host},
            ) as response,
        ):
            if response.status_code in REDIRECTS:
                return str(response.headers.get("location", ""))
            _check_head(response)
            return await self._read(response)

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._limits.max_bytes:
                raise RefusedURL(f"the image has more than {self._limits.max_bytes} bytes")
        return bytes(body)


def _check_head(response: httpx.Response) -> None:
    if response.status_code != 200:
        raise RefusedURL(f"the host of the image's URL answered with status {response.status_code}")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise RefusedURL("the host of the image's URL compresses it")
    if not response.headers.get("content-type", "").lower().startswith("image/"):
        raise RefusedURL("the image's URL leads to something else")

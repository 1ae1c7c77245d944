"""The pictures of a request: counted, fetched where a URL says so, decoded once each and off the event loop."""

import asyncio
from collections.abc import Mapping
from typing import Any

from PIL import Image

from molora.config import MediaConfig
from molora.errors import BadRequest
from molora.server.fetch import Fetcher
from molora.server.media import decode_bytes, decode_data_url


class Pictures:
    """What reads them, within the limits of a deployment."""

    def __init__(self, limits: MediaConfig) -> None:
        self._limits = limits
        self._fetcher = Fetcher(limits) if limits.hosts else None

    async def read(self, urls: Mapping[str, Any]) -> dict[str, Image.Image]:
        """From a request's fields and the URLs in them, to the fields' pictures. Raises BadRequest for all at fault."""
        if not urls:
            return {}
        self._check_count(list(urls))
        places: dict[str, str] = {}
        for param, url in urls.items():
            places.setdefault(self._check_url(url, param), param)
        fetched = await self._fetch_all({url: param for url, param in places.items() if not _is_data(url)})
        images = await asyncio.to_thread(self._decode_all, places, fetched)
        return {param: images[url] for param, url in urls.items()}

    def _check_count(self, params: list[str]) -> None:
        most = self._limits.max_images
        if len(params) > most:
            raise BadRequest(f"a request has at most {most} images", param=params[most], code="too_many_images")

    def _check_url(self, url: Any, param: str) -> str:
        if not isinstance(url, str) or not url:
            raise BadRequest("an image needs a url", param=param, code="invalid_image")
        if self._fetcher is None and not _is_data(url):
            message = "only data URLs are served; http, https and file URLs are not fetched"
            raise BadRequest(message, param=param, code="invalid_image_url")
        return url

    async def _fetch_all(self, places: Mapping[str, str]) -> dict[str, bytes]:
        """All at once; the first failure ends the others."""
        if self._fetcher is None:
            return {}
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {url: group.create_task(self._fetcher.fetch(url, param)) for url, param in places.items()}
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return {url: task.result() for url, task in tasks.items()}

    def _decode_all(self, places: Mapping[str, str], fetched: Mapping[str, bytes]) -> dict[str, Image.Image]:
        return {
            url: decode_bytes(fetched[url], self._limits, param)
            if url in fetched
            else decode_data_url(url, self._limits, param)
            for url, param in places.items()
        }


def _is_data(url: str) -> bool:
    return url[:5].lower() == "data:"

"""How many requests are worked on at once, and whose: what is over is told to come again, and takes no memory."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from molora.config import LoadConfig
from molora.errors import MoloraError, Overloaded, TooManyRequests
from molora.server.health import Health
from molora.server.metrics import CHAT_PATH, Metrics

ROUTE_PATH = "/v1/route"
PATHS = (CHAT_PATH, ROUTE_PATH)


class Places:
    """Who holds how many.

    A client that holds less than its share, `max_requests` divided by those who hold any, comes in beyond
    `max_requests` as well, so that nobody waits for another to leave a place; at twice as many nobody does.
    """

    def __init__(self, load: LoadConfig) -> None:
        self.load = load
        self.held: Counter[str] = Counter()

    def is_empty(self) -> bool:
        return not self.held

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Raises Overloaded or TooManyRequests where there is none."""
        if refusal := self._refusal(client):
            raise refusal
        self.held[client] += 1
        try:
            yield
        finally:
            self.held[client] -= 1
            self.held += Counter()  # leaves out those who hold none

    def _refusal(self, client: str) -> MoloraError | None:
        if self.load.max_per_key is not None and self.held[client] >= self.load.max_per_key:
            return TooManyRequests(f"at most {self.load.max_per_key} requests at once are served for one key")
        total, most = self.held.total(), self.load.max_requests
        share = most / len({*self.held, client})
        has_place = total < most or (total < 2 * most and self.held[client] + 1 <= share)
        return None if has_place else Overloaded("too many requests at once")


class Admission:
    """ASGI middleware: a request that makes work holds a place from its first byte to its last, however it ends; none
    comes in where the server cannot answer."""

    def __init__(self, app: ASGIApp, places: Places, health: Health, metrics: Metrics) -> None:
        self.app, self.places, self.health, self.metrics = app, places, health, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in PATHS:
            return await self.app(scope, receive, send)
        self.health.check()
        client = scope["state"]["client"]
        try:
            with self.places.one(client):
                self.metrics.count_admitted(client)
                await self.app(scope, receive, send)
        except (Overloaded, TooManyRequests) as refusal:
            self.metrics.count_turned_away(client, refusal.status)
            raise

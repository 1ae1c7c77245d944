"""A program: the application over HTTP, with a real store and real adapters, and the hand-written engine and router.

    python -m tests.server.served STORE PORT [GO DRAIN_S]

With GO answers end when there is a file of that name.
"""

import asyncio
import sys
from pathlib import Path

from molora.config import HealthConfig, StoreConfig
from molora.server.app import create_app
from molora.server.serving import bind, listen_settings, serve
from tests.server.fakes import WEIGHTS, FakeEngine, FakeRouter, make_config


class Waiting(FakeEngine):
    """For a file."""

    def __init__(self, go: Path) -> None:
        super().__init__(endless=True)
        self.go = go

    async def _wait_forever(self) -> None:
        while not self.go.exists():  # noqa: ASYNC110  # another process makes it
            await asyncio.sleep(0.01)


async def main(store: str, port: str, go: str | None = None, drain_s: str = "30") -> None:
    limits = StoreConfig(folder=Path(store), imports=WEIGHTS, reference_gib=0)
    config = make_config(store=limits, health=HealthConfig(drain_s=float(drain_s)))
    app = create_app(config, Waiting(Path(go)) if go else FakeEngine(), FakeRouter())
    with bind("127.0.0.1", int(port)) as listener:
        await serve(app, listen_settings(app), [listener])


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""An expert that comes and goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from molora.benchmarks.many_experts import Administrator
from molora.benchmarks.soak.client import Client
from molora.benchmarks.soak.newcomer import Newcomer
from molora.benchmarks.streams import open_session
from molora.deployment import load_config
from tests.benchmarks.soak.answering import AnsweringServer, serving
from tests.conftest import DEMO


@dataclass
class Registrar(Administrator):
    """Keeps what it is asked for, and refuses all of it where it is told to."""

    refuses: bool = False
    added: list[Mapping[str, bytes]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def add(self, name: str, files: dict[str, bytes], description: str, examples: Sequence[str] = ()) -> dict[str, Any]:
        if self.refuses:
            raise httpx.ConnectError("no server")
        self.added.append(files)
        return {"id": name, "description": description, "examples": examples}

    def remove(self, name: str) -> None:
        if self.refuses:
            raise httpx.ConnectError("no server")
        self.removed.append(name)


async def come_and_go(registrar: Registrar, times: int) -> Newcomer:
    newcomer = Newcomer(registrar, load_config(DEMO))
    async with serving(AnsweringServer()) as url, open_session() as session:
        for _ in range(times):
            await newcomer.come_and_go(Client(session, url))
    return newcomer


async def test_it_comes_is_asked_and_goes_each_time_with_other_weights() -> None:
    registrar = Registrar()
    newcomer = await come_and_go(registrar, 2)
    first, second = registrar.added
    assert first != second
    assert registrar.removed == ["newcomer"] * 2
    assert [one.kind for one in newcomer.exchanges] == ["change", "newcomer", "change"] * 2
    assert [one.status for one in newcomer.exchanges if one.kind == "newcomer"] == [200, 200]


async def test_what_is_refused_is_a_fault() -> None:
    newcomer = await come_and_go(Registrar(refuses=True), 1)
    assert [one.fault for one in newcomer.exchanges] == ["no server", "", "no server"]

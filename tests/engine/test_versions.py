"""Versions of adapters over a hand-written client of vLLM: when one is there, and when it is gone."""

import asyncio
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from molora.compat import mend_torch_companions

mend_torch_companions()

from vllm.lora.request import LoRARequest  # noqa: E402

from molora.engine.extension import LOADING, READY  # noqa: E402
from molora.engine.gates import components  # noqa: E402
from molora.engine.interface import Adapter, Residency, Version  # noqa: E402
from molora.engine.versions import Versions, expert_of  # noqa: E402
from molora.errors import BadRequest, NotFound, Unavailable  # noqa: E402

pytestmark = pytest.mark.engine


@dataclass
class Client:
    """Two workers, each telling its states one after the other."""

    states: list[list[str]] = field(default_factory=lambda: [[READY, READY]])
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    running: dict[str, LoRARequest | None] = field(default_factory=dict)
    deaf: bool = False
    """Asked something it never answers."""
    output_handler: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def errored(self) -> bool:
        return self.output_handler.done()

    async def collective_rpc(self, method: str, args: tuple[Any, ...] = ()) -> list[Any]:
        self.asked.append((method, *args))
        await self.answering()
        if method == "adapter_residency":
            return [([1, 2, 3], [1, 2], 4), ([1, 2, 3], [2, 3], 5)]
        return self.states.pop(0) if method == "end_adapter_load" else [None, None]

    async def answering(self) -> None:
        if self.deaf:
            await asyncio.Event().wait()

    async def remove_lora(self, number: int) -> None:
        await self.answering()
        self.removed.append(number)

    @property
    def output_processor(self) -> Any:
        states = {name: SimpleNamespace(lora_request=request) for name, request in self.running.items()}
        return SimpleNamespace(request_states=states)


def adapter(name: str) -> Adapter:
    return Adapter(name, Path("/store") / name)


@pytest.fixture
async def client() -> Client:
    return Client()


@pytest.fixture
def versions(client: Client) -> Versions:
    return Versions(client, count(1))


async def load(client: Client, versions: Versions, *names: str) -> list[Version]:
    client.states = [[READY, READY] for _ in names]
    loaded = [await versions.load(adapter(name)) for name in names]
    for version in loaded:
        versions.name(version.adapter.expert, version)
    return loaded


async def test_a_version_is_there_when_every_worker_has_it(client: Client, versions: Versions) -> None:
    client.states = [[LOADING, READY], [LOADING, READY], [READY, READY]]
    version = await versions.load(adapter("a"))
    assert client.asked[0] == ("begin_adapter_load", "a#1", 1, "/store/a")
    assert client.asked[1:] == [("end_adapter_load", 1)] * 3
    assert (version.number, client.removed) == (1, [])


async def test_what_one_worker_refuses_is_taken_from_all(client: Client, versions: Versions) -> None:
    client.states = [[LOADING, "no such file: /some/where/else"], [READY, "no such file: /some/where/else"]]
    with pytest.raises(BadRequest, match="no such file: <path>"):
        await versions.load(adapter("a"))
    assert client.removed == [1]
    assert (await load(client, versions, "b"))[0].number == 2


async def test_equal_names_of_two_versions_are_two_requests(client: Client, versions: Versions) -> None:
    """vLLM puts requests into sets by name."""
    old, new = await load(client, versions, "a", "a")
    request = versions.request({"a": 1.0})
    assert request is not None
    assert (request.lora_int_id, expert_of(request)) == (new.number, "a")
    versions.name("a", old)
    assert len({request, versions.request({"a": 1.0})}) == 2


async def test_a_name_of_nothing_is_not_found(client: Client, versions: Versions) -> None:
    await load(client, versions, "a")
    assert versions.adapters({"a": 0.5}) == {"a": adapter("a")}
    versions.name("a", None)
    with pytest.raises(NotFound, match="'a' is not served"):
        versions.adapters({"a": 0.5})


@pytest.fixture(params=["alone", "mixed"])
def gates(request: pytest.FixtureRequest) -> dict[str, float]:
    return {"a": 1.0} if request.param == "alone" else {"a": 0.5, "b": 0.5}


async def test_a_version_goes_when_its_last_request_has_ended(
    client: Client, versions: Versions, gates: dict[str, float]
) -> None:
    a, b = await load(client, versions, "a", "b")
    request = versions.request(gates)
    with versions.entering(request):
        gone = asyncio.create_task(versions.unload(a))
        await asyncio.sleep(0.03)
        assert client.removed == []
        client.running["one"] = request
    assert (versions.num_in_flight(a), versions.num_in_flight(b)) == (1, int("b" in gates))
    await asyncio.sleep(0.03)
    assert client.removed == []
    del client.running["one"]
    await asyncio.wait_for(gone, 5)
    assert client.removed == [a.number]


async def test_requests_that_fail_on_entering_hold_nothing(client: Client, versions: Versions) -> None:
    (a,) = await load(client, versions, "a")
    with pytest.raises(ValueError, match="on the way"), versions.entering(versions.request({"a": 1.0})):
        raise ValueError("on the way")
    await asyncio.wait_for(versions.unload(a), 5)
    assert client.removed == [a.number]


async def test_what_is_resident_is_so_in_every_worker(versions: Versions) -> None:
    assert await versions.residency() == Residency(frozenset({1, 2, 3}), frozenset({2}), 5)


async def test_a_mixture_holds_its_versions(client: Client, versions: Versions) -> None:
    a, b = await load(client, versions, "a", "b")
    mixture = versions.request({"a": 0.25, "b": -1.0})
    assert mixture is not None
    assert [(part.lora_int_id, gate) for part, gate in components(mixture)] == [(a.number, 0.25), (b.number, -1.0)]


@pytest.mark.parametrize("call", ["load", "residency", "unload"])
async def test_who_asks_an_engine_that_dies_is_told(client: Client, versions: Versions, call: str) -> None:
    """vLLM would have it wait for ever."""
    (a,) = await load(client, versions, "a")
    client.running["one"] = versions.request({"a": 1.0})
    client.deaf = True
    asked = {"load": versions.load(adapter("b")), "residency": versions.residency(), "unload": versions.unload(a)}
    waiting = asyncio.create_task(asked.pop(call))
    for other in asked.values():
        other.close()
    await asyncio.sleep(0.02)
    assert not waiting.done()
    client.output_handler.set_result(None)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(waiting, 5)

import io

import pytest
from rich.console import Console

from molora.benchmarks.scaling.registry import Registry
from molora.deployment import load_config
from molora.errors import ConfigError
from tests.conftest import DEMO


class Server:
    def __init__(self) -> None:
        self.experts: list[str] = []

    def add(self, name: str, files: dict[str, bytes], description: str) -> None:
        assert files
        assert name in description
        self.experts.append(name)

    def remove(self, name: str) -> None:
        self.experts.remove(name)


def test_experts_come_and_go_but_the_configurations_own_stay():
    server = Server()
    registry = Registry(server, load_config(DEMO), Console(file=io.StringIO()))
    for num in (6, 9, 7, 4):
        registry.resize(num)
        assert len(registry.names) == num
        assert list(registry.names[4:]) == server.experts
    assert list(registry.names) == ["spatial", "quantity", "physical", "social"]


def test_fewer_than_there_are_is_refused():
    registry = Registry(Server(), load_config(DEMO), Console(file=io.StringIO()))
    with pytest.raises(ConfigError, match="3 are too few"):
        registry.resize(3)

"""A deployment with many experts to come: adapters made of a configuration's own, and who administers it."""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from molora.benchmarks.serving import Command, molora_command
from molora.config import ADAPTER_FILES, Config
from molora.server.auth import ADMIN_HEADER
from molora.server.keys import ADMIN_KEYS

KEY = "of this benchmark alone"
PATH = "/v1/experts"


def write_deployment(folder: Path, config: Config, slots: int, num_experts: int) -> Path:
    """The same experts, `slots` slots, and an empty store with room for `num_experts`."""
    shutil.rmtree(folder / "store", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    values = json.loads(config.model_dump_json(exclude_none=True))
    values["engine"]["max_loras"] = slots
    values["store"] = {"folder": str((folder / "store").absolute()), "max_experts": num_experts}
    path = folder / "deployment.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


def command(deployment: Path) -> Command:
    made = molora_command(deployment)
    return Command(made.name, made.arguments, made.ready_path, {**made.environment, ADMIN_KEYS: KEY})


def make_adapters(config: Config, names: Sequence[str]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The configuration's own in turn, each scaled otherwise: no two have the same digest."""
    own = [expert.adapter for expert in config.experts.values()]
    for number, name in enumerate(names):
        files = {file: (own[number % len(own)] / file).read_bytes() for file in ADAPTER_FILES}
        values = json.loads(files[ADAPTER_FILES[0]])
        values["lora_alpha"] *= 1 + (number + 1) / 10_000
        yield name, files | {ADAPTER_FILES[0]: json.dumps(values).encode()}


class Administrator:
    """Changes the experts of a running server. Raises httpx.HTTPError for whatever is refused."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=600, headers={ADMIN_HEADER: KEY})

    def add(self, name: str, files: dict[str, bytes], description: str, examples: Sequence[str] = ()) -> dict[str, Any]:
        fields = {"name": name, "description": description, "examples": json.dumps(list(examples)), "replace": "true"}
        parts = [("files", (file, content)) for file, content in files.items()]
        answered: dict[str, Any] = self._http.post(PATH, data=fields, files=parts).raise_for_status().json()
        return answered

    def remove(self, name: str) -> None:
        self._http.delete(f"{PATH}/{name}").raise_for_status()

    def ask(self, question: str) -> str:
        """Who answers it."""
        body = {"model": "auto", "messages": [{"role": "user", "content": question}], "max_tokens": 1}
        return str(self._http.post("/v1/chat/completions", json=body).raise_for_status().json()["model"])

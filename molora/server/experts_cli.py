"""`molora experts`: see and change the experts of a running server; check an adapter without one."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from molora.config import ADAPTER_FILES
from molora.deployment import load_config
from molora.errors import MoloraError

app = typer.Typer(help="See and change the experts of a running server.", no_args_is_help=True)

ADMIN_KEY = "MOLORA_ADMIN_KEY"
TIMEOUT_S = 600
UrlOption = Annotated[str, typer.Option("--url", help="Where the server is administered.")]
KeyOption = Annotated[str, typer.Option("--key", envvar=ADMIN_KEY, help="An administrator's key.")]
LOCAL = "http://127.0.0.1:8000"


@app.command("list")
def list_experts(url: UrlOption = LOCAL, key: KeyOption = "") -> None:
    """Every expert with its state, as a table and as one JSON line."""
    experts = _call("GET", url, key)["data"]
    table = Table("expert", "state", "digest", "rank", "slot", "in flight", "routed by", "verified by")
    for one in experts:
        slot = "yes" if one["resident"] else "no"
        shown = (one["id"], one["error"] or one["state"], (one["digest"] or "")[:19], one["rank"], slot)
        table.add_row(*map(str, (*shown, one["requests_in_flight"], one["routed_by"], one["verified"])))
    Console(stderr=True).print(table)
    typer.echo(json.dumps(experts))


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="An adapter in PEFT's format.")],
    config: Annotated[Path, typer.Option(help="Of the deployment whose backbone it is for.")] = Path(
        "configs/demo.yaml"
    ),
) -> None:
    """Whether a deployment would admit an adapter; every fault at once, and exit code 1."""
    from molora.adapters.backbone import read_backbone
    from molora.adapters.check import check_adapter

    engine = load_config(config).engine
    backbone = read_backbone(engine.model, engine.names)
    tower = bool(engine.options.get("enable_tower_connector_lora"))
    checked = check_adapter(folder, backbone, max_rank=engine.max_lora_rank, tower=tower)
    told = {"digest": f"sha256:{checked.digest}", "rank": checked.rank, "bytes": checked.num_bytes}
    typer.echo(json.dumps(told | {"modules": checked.modules}))


@app.command()
def add(  # noqa: PLR0913, PLR0917  # a command's options
    name: Annotated[str, typer.Argument(help="What clients and the router will call it.")],
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="An adapter in PEFT's format.")],
    description: Annotated[str, typer.Option(help="What it is for; the router goes by it.")],
    example: Annotated[list[str] | None, typer.Option(help="A question for it; several, best eight.")] = None,
    system_prompt: Annotated[str | None, typer.Option(help="Before the messages of a request to it.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="In the place of one of that name.")] = False,
    url: UrlOption = LOCAL,
    key: KeyOption = "",
) -> None:
    """Upload an adapter; returns when it answers."""
    fields: dict[str, Any] = {"name": name, "description": description, "replace": replace}
    fields |= {"examples": json.dumps(example)} if example else {}
    fields |= {"system_prompt": system_prompt} if system_prompt else {}
    files = [("files", (file, _read(folder / file))) for file in ADAPTER_FILES]
    typer.echo(json.dumps(_call("POST", url, key, data=fields, files=files)))


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Of the expert.")], url: UrlOption = LOCAL, key: KeyOption = ""
) -> None:
    """Take an expert away; requests it is answering end as they began."""
    typer.echo(json.dumps(_call("DELETE", url, key, name)))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise MoloraError(f"{file} cannot be read: {error.strerror}") from None


def _call(method: str, url: str, key: str, name: str = "", **body: Any) -> Any:
    """Raises MoloraError with what the server says."""
    import httpx

    where = f"{url.rstrip('/')}/v1/experts" + (f"/{name}" if name else "")
    trusts_environment = not url.startswith(("http://127.0.0.1", "http://localhost"))
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=trusts_environment) as client:
            response = client.request(method, where, headers={"x-admin-key": key}, **body)
        told = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise MoloraError(f"no answer from {where}: {error}") from None
    if response.is_error:
        raise MoloraError(str(told.get("error", {}).get("message", told)))
    return told

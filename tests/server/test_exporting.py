"""Traces go where OpenTelemetry's variables say, and nowhere without them."""

import os
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from molora.errors import ConfigError
from molora.server.app import create_app
from molora.server.exporting import exporter_names, exporting_traces
from tests.server.collector import Collector, collecting
from tests.server.fakes import FakeEngine, FakeRouter, calling, make_config

WHO: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "who?"}]}
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
HTTP = {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment the tests run in; and no proxy stands before loopback."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def set_all(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ({}, []),
        ({"OTEL_SERVICE_NAME": "mine"}, []),
        ({ENDPOINT: "http://a"}, ["otlp_proto_grpc"]),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a"}, ["otlp_proto_grpc"]),
        ({ENDPOINT: "http://a"} | HTTP, ["otlp_proto_http"]),
        ({ENDPOINT: "http://a", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"} | HTTP, ["otlp_proto_grpc"]),
        ({ENDPOINT: "http://a", "OTEL_TRACES_EXPORTER": "none"}, []),
        ({ENDPOINT: "http://a", "OTEL_SDK_DISABLED": "true"}, []),
        ({ENDPOINT: "http://a", "OTEL_SDK_DISABLED": "false"}, ["otlp_proto_grpc"]),
        ({ENDPOINT: ""}, []),
        ({"OTEL_TRACES_EXPORTER": "console, otlp"} | HTTP, ["console", "otlp_proto_http"]),
    ],
)
def test_the_variables_choose_the_exporters(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], names: list[str]
) -> None:
    set_all(monkeypatch, variables)
    assert exporter_names() == names


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "carrier-pigeon"}, "carrier-pigeon"),
        ({ENDPOINT: "http://a", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "http/json"),
    ],
)
def test_what_cannot_be_had_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str
) -> None:
    set_all(monkeypatch, variables)
    with pytest.raises(ConfigError, match=named), exporting_traces():
        pass


def test_without_variables_the_sdk_is_not_even_imported() -> None:
    code = "import sys, molora.server.exporting as e\nwith e.exporting_traces() as tracer: assert tracer is None\n"
    check = "assert not any(name.startswith('opentelemetry.sdk') for name in sys.modules)"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    subprocess.run([sys.executable, "-c", code + check], check=True, env=clean)


async def ask_traced() -> None:
    """One request of a server whose traces are sent at the latest when it ends."""
    with exporting_traces() as tracer:
        async with calling(create_app(make_config(), FakeEngine(), FakeRouter(), tracer)) as http:
            await http.post("/v1/chat/completions", json=WHO)


def read(collector: Collector) -> tuple[dict[str, Span], set[str]]:
    """All spans by their names, and the services they are of."""
    groups = [group for request in collector.requests for group in request.resource_spans]
    services = {a.value.string_value for g in groups for a in g.resource.attributes if a.key == "service.name"}
    return {span.name: span for group in groups for scope in group.scope_spans for span in scope.spans}, services


async def test_a_collector_is_sent_what_was_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        set_all(monkeypatch, HTTP | {ENDPOINT: collector.url})
        await ask_traced()
        spans, services = read(collector)
    assert services == {"molora"}
    assert set(spans) == {"POST /v1/chat/completions", "router", "engine"}
    server = spans["POST /v1/chat/completions"]
    assert {spans[name].parent_span_id for name in ("router", "engine")} == {server.span_id}
    told = {attribute.key: attribute.value for attribute in server.attributes}
    assert told["gen_ai.response.model"].string_value == "social"
    assert told["gen_ai.usage.output_tokens"].int_value == 2
    assert told["http.response.status_code"].int_value == 200


@pytest.mark.parametrize("variable", ["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"])
async def test_the_operator_names_the_service(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with collecting() as collector:
        value = "eyes" if variable == "OTEL_SERVICE_NAME" else "service.name=eyes"
        set_all(monkeypatch, HTTP | {ENDPOINT: collector.url, variable: value})
        await ask_traced()
        assert read(collector)[1] == {"eyes"}


async def test_the_sampler_is_the_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        set_all(monkeypatch, HTTP | {ENDPOINT: collector.url, "OTEL_TRACES_SAMPLER": "always_off"})
        await ask_traced()
        assert not collector.requests

"""Where traces go, by OpenTelemetry's own environment variables; without them no part of its SDK is imported."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from opentelemetry.trace import Tracer

from molora.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

EXPORTERS = "OTEL_TRACES_EXPORTER"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
OTLP = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}


@contextmanager
def exporting_traces() -> Iterator[Tracer | None]:
    """None where no variable asks for traces. What is left of them is sent at the end.

    Raises ConfigError for an exporter that is not installed.
    """
    names = exporter_names()
    if not names:
        yield None
        return
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: "molora"}))
    provider = TracerProvider(resource=resource)
    for name in names:
        provider.add_span_processor(BatchSpanProcessor(make_exporter(name)))
    try:
        yield provider.get_tracer("molora")
    finally:
        provider.shutdown()


def exporter_names() -> list[str]:
    """As installed packages call them."""
    asked = _read(EXPORTERS) or ("otlp" if _read(*ENDPOINTS) else "none")
    if asked == "none" or _read("OTEL_SDK_DISABLED").lower() == "true":
        return []
    return [_otlp_name() if name == "otlp" else name for name in map(str.strip, asked.split(","))]


def make_exporter(name: str) -> "SpanExporter":
    for found in entry_points(group="opentelemetry_traces_exporter", name=name):
        exporter: SpanExporter = found.load()()
        return exporter
    raise ConfigError(f"{EXPORTERS}: there is no exporter '{name}'")


def _otlp_name() -> str:
    protocol = _read(*PROTOCOLS) or "grpc"
    if protocol not in OTLP:
        raise ConfigError(f"{PROTOCOLS[1]}: '{protocol}' is not among {', '.join(OTLP)}")
    return OTLP[protocol]


def _read(*variables: str) -> str:
    """The first that says anything."""
    return next(filter(None, (os.environ.get(variable, "").strip() for variable in variables)), "")

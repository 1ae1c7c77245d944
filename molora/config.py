"""What a deployment is: the engine, its experts, the router. `deployment.py` reads one from its file."""

import re
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

RESERVED = ("auto", "base")
ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")
ENCODER_KEYS = {
    "sbert": ("text",),
    "sbert+image": ("image", "text"),
    "backbone": ("backbone", "layer"),
}
"""Those that a kind of encoder has use for."""

HOST_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")


def _read_host(host: str) -> str:
    with suppress(ValueError):
        return str(ip_address(host))
    name = host.lower()
    if not HOST_NAME.fullmatch(name.removeprefix("*.")):
        raise ValueError("give a dotted host name (in punycode), *.example.org or an address; no scheme and no port")
    return name


ExpertName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Description = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class Section(BaseModel):
    """A part of the configuration: immutable, and an unknown key fails."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class EngineConfig(Section):
    """What vLLM serves. `options` holds any other field of vLLM's AsyncEngineArgs.

    `names` are other names by which adapters may declare the backbone that they were trained on.
    """

    model: str = Field(min_length=1)
    dtype: str = "auto"
    max_model_len: int | None = Field(default=None, gt=0)
    max_lora_rank: int = Field(default=16, gt=0)
    max_loras: int | None = Field(default=None, gt=0)
    names: tuple[str, ...] = ()
    options: dict[str, Any] = {}


class ExpertProfile(Section):
    """What an expert is for, and how it is asked.

    `defaults` are fields of a chat request that a request to this expert may leave out; `response_schema` is the JSON
    schema of its answers, where a request asks for no other format.
    """

    description: Description
    examples: tuple[Annotated[str, StringConstraints(min_length=1, max_length=1024)], ...] = Field((), max_length=64)
    system_prompt: str | None = Field(default=None, max_length=65536)
    response_schema: dict[str, Any] | None = None
    defaults: dict[str, Any] = {}


class ExpertConfig(ExpertProfile):
    """A LoRA adapter: a folder in PEFT's format."""

    adapter: Path


class StoreConfig(Section):
    """Where experts that come while the server runs are kept, and how much of them.

    `imports` is a folder whose subfolders may be added by name. `reference_gib` bounds the copy of the backbone, in
    float32 on the CPU, that new adapters are held against; 0 for none.
    """

    folder: Path
    imports: Path | None = None
    max_experts: int = Field(default=512, gt=0)
    max_upload_mib: int = Field(default=2048, gt=0)
    reference_gib: float = Field(default=4.0, ge=0, allow_inf_nan=False)


class AccessConfig(Section):
    """What is served without a client's key.

    `open`: all clients' routes, beyond loopback too, where the server has no clients' keys. `open_metrics`: `/metrics`,
    where it has.
    """

    open: bool = False
    open_metrics: bool = False


class LimitsConfig(Section):
    """Of one request: more is refused. `max_choices` is of `n`, `max_stops` of `stop` and of `bad_words`,
    `max_tokens_named` of `logit_bias`, `allowed_token_ids` and `stop_token_ids`; schemas are all that says what an
    answer looks like: `response_format`, `structured_outputs` and `tools`.
    """

    max_body_mib: int = Field(default=32, gt=0)
    body_timeout_s: float = Field(default=60.0, gt=0)
    max_messages: int = Field(default=512, gt=0)
    max_choices: int = Field(default=16, gt=0)
    max_stops: int = Field(default=16, gt=0)
    max_stop_length: int = Field(default=256, gt=0)
    max_tokens_named: int = Field(default=1024, gt=0)
    max_schema_kib: int = Field(default=64, gt=0)
    max_schema_depth: int = Field(default=32, gt=0)
    max_regex_length: int = Field(default=2048, gt=0)


class LoadConfig(Section):
    """Requests worked on at once. Without keys all clients are one."""

    max_requests: int = Field(default=256, gt=0)
    max_per_key: int | None = Field(default=None, gt=0)


class HealthConfig(Section):
    """An engine that has told of no step for `canary_s` is asked for a token. After `stalled_s` without a step nobody
    new is served; after `failed_s` it is ended, as one that died by itself: those in flight are told.

    Then another engine is started, if there were not `max_restarts` within an hour, or the server ends with an error.
    A server that is to stop gives those in flight `drain_s`.
    """

    canary_s: float = Field(default=5.0, gt=0, allow_inf_nan=False)
    stalled_s: float = Field(default=20.0, gt=0, allow_inf_nan=False)
    failed_s: float = Field(default=90.0, gt=0, allow_inf_nan=False)
    on_failure: Literal["restart", "exit"] = "restart"
    max_restarts: int = Field(default=5, gt=0)
    drain_s: float = Field(default=30.0, ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if not self.canary_s < self.stalled_s <= self.failed_s:
            raise ValueError("canary_s must be less than stalled_s, and stalled_s no more than failed_s")
        return self


class LogsConfig(Section):
    """What the server writes of itself; vLLM's own lines are vLLM's.

    `prompts`: what a client said may stand there as well, as a request's question and in what an exception says.
    """

    format: Literal["json", "text"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"
    prompts: bool = False


class MediaConfig(Section):
    """What pictures a request may bring. Without `hosts` none is fetched, and only data URLs are served.

    `max_pixels` ends where Pillow's own guard against decompression bombs begins.
    """

    hosts: tuple[Annotated[str, AfterValidator(_read_host)], ...] = ()
    max_images: int = Field(default=4, gt=0)
    max_bytes: int = Field(default=20 * 2**20, gt=0)
    max_pixels: int = Field(default=50_000_000, gt=0, le=89_478_485)
    max_side: int = Field(default=16_384, gt=0)
    max_redirects: int = Field(default=3, ge=0)
    timeout_s: float = Field(default=10.0, gt=0, allow_inf_nan=False)


class EncoderConfig(Section):
    """What the router reads a question with, and whether it looks at its pictures. All are folders.

    `sbert`: `text`, of a sentence-transformers model; None is the packaged one, which imitates all-MiniLM-L6-v2.
    `sbert+image`: that, and `image`, of a Qwen-VL model (its vision tower), CLIP or SigLIP. `backbone`: a Qwen-VL
    model, its text's hidden state after `layer` layers and its vision tower.
    """

    kind: Literal["sbert", "sbert+image", "backbone"] = "sbert"
    text: Path | None = None
    image: Path | None = None
    backbone: Path | None = None
    layer: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if self.kind != "sbert" and getattr(self, ENCODER_KEYS[self.kind][0]) is None:
            raise ValueError(f"kind {self.kind} needs '{ENCODER_KEYS[self.kind][0]}'")
        told = {name for name, field in type(self).model_fields.items() if getattr(self, name) != field.default}
        useless = told - {"kind", *ENCODER_KEYS[self.kind]}
        if useless:
            raise ValueError(f"kind {self.kind} has no use for '{min(useless)}'")
        return self


class AgentConfig(Section):
    """How an upstream agent's choice is heard.

    `prior`: it multiplies the router's probabilities, its expert's by its confidence and the others' by what that
    leaves, shared evenly. `override`: its expert answers, but where the router's probability of another is at least
    `veto`, both do; above 1 it never is.
    """

    policy: Literal["prior", "override"] = "prior"
    veto: float = Field(default=0.9, gt=0, allow_inf_nan=False)


class PolicyConfig(Section):
    """How the router's probabilities become a decision.

    Where the router fails or is less confident than `min_confidence`, `fallback` answers: an expert or `base`. None is
    nobody for a router that fails, and base for one that is unsure. A question that is less typical than all but
    `false_alarms` of those that the router knows goes to base. With `sticky` an expert stays for a conversation until
    another is likelier by more than that.
    """

    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    fallback: str | None = None
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    false_alarms: float = Field(default=0.01, ge=0, le=1)
    sticky: float = Field(default=0.0, ge=0, le=1)
    agent: AgentConfig = AgentConfig()


class RouterConfig(PolicyConfig):
    """`head` is a file of `molora router train`, trained on `encoder`. A router that takes longer than `timeout_s` has
    failed."""

    head: Path
    encoder: EncoderConfig = EncoderConfig()
    max_batch: int = Field(default=64, gt=0)
    cache_size: int = Field(default=10_000, ge=0)
    timeout_s: float = Field(default=5.0, gt=0, allow_inf_nan=False)


class Config(Section):
    """One deployment."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    engine: EngineConfig
    admin_port: int | None = Field(default=None, ge=1, le=65535)
    experts: dict[ExpertName, ExpertConfig] = Field(min_length=1)
    router: RouterConfig
    media: MediaConfig = MediaConfig()
    store: StoreConfig | None = None
    access: AccessConfig = AccessConfig()
    limits: LimitsConfig = LimitsConfig()
    load: LoadConfig = LoadConfig()
    health: HealthConfig = HealthConfig()
    logs: LogsConfig = LogsConfig()

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        taken = [name for name in self.experts if name in RESERVED]
        if taken:
            raise ValueError(f"experts.{taken[0]}: '{taken[0]}' is a reserved name")
        if self.router.fallback not in (None, "base", *self.experts):
            raise ValueError(f"router.fallback: '{self.router.fallback}' is neither base nor one of the experts")
        if self.admin_port is not None and self.admin_port == self.port:
            raise ValueError("admin_port: it is the clients' port; leave it out to have one port for both")
        return self

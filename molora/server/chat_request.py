"""A chat request as `/openapi.json` tells of it; it is vLLM that reads one."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from molora.server.wishes import Routing


class Open(BaseModel):
    """Other keys may be given."""

    model_config = ConfigDict(extra="allow")


class TextPart(Open):
    type: Literal["text"]
    text: str


class ImageURL(Open):
    """A data URL, or one of http or https to a host that the deployment fetches from."""

    url: str


class ImagePart(Open):
    type: Literal["image_url"]
    image_url: ImageURL | str


class Message(Open):
    """One turn of a conversation."""

    role: str
    content: str | list[TextPart | ImagePart] | None = None


class Function(Open):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = Field(None, description="JSON schema of what it is called with.")


class Tool(Open):
    """What the model may ask the client to call."""

    type: Literal["function"]
    function: Function


class ChatRequest(Open):
    """OpenAI's chat request, with `routing`. vLLM knows more fields; one that is null counts as not given."""

    model: str = Field(min_length=1, description="`auto`, `base` or an expert.", examples=["auto", "base"])
    messages: list[Message] = Field(min_length=1, examples=[[{"role": "user", "content": "Where is the ball?"}]])
    routing: Routing | None = Field(None, description="For model `auto`.")
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    max_completion_tokens: int | None = Field(None, ge=1)
    max_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0)
    top_p: float | None = Field(None, gt=0, le=1)
    n: int | None = Field(None, ge=1)
    seed: int | None = None
    stop: str | list[str] | None = None
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0)
    response_format: dict[str, Any] | None = None
    tools: list[Tool] | None = Field(None, min_length=1)
    tool_choice: str | dict[str, Any] | None = None

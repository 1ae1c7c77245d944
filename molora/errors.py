"""Every error Molora raises on purpose, and the one form in which clients see them."""

from collections.abc import Mapping

from typing_extensions import TypedDict

RETRY_SOON_S = "1"
RETRY_LATER_S = "5"
MAX_MESSAGE = 4000
"""Characters: a message may quote what the client sent."""
MAX_PARAM = 200


class ErrorDetail(TypedDict):
    """What is wrong; `param` is the field at fault."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(TypedDict):
    """OpenAI's form of an error."""

    error: ErrorDetail


class MoloraError(Exception):
    """An error a client may read: `message` never holds a path, an address or a traceback."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 500,
        type: str = "server_error",  # noqa: A002  # OpenAI's word
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.type, self.param, self.code = message, status, type, param, code
        self.headers: Mapping[str, str] = {}

    def to_dict(self) -> ErrorBody:
        return {
            "error": {
                "message": shorten(self.message, MAX_MESSAGE),
                "type": self.type,
                "param": self.param and shorten(self.param, MAX_PARAM),
                "code": self.code,
            }
        }


def shorten(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


class BadRequest(MoloraError):  # noqa: N818
    """The request cannot be served as written; `param` names the field at fault."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
    ) -> None:
        super().__init__(message, status=status, type="invalid_request_error", param=param, code=code)


class Unread(BadRequest):
    """The body was not taken to its end: the connection cannot be used again."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status=status)
        self.headers = {"connection": "close"}


class Unauthorized(MoloraError):  # noqa: N818
    """Nobody the server knows asks; `scheme` is how to say who one is, where HTTP has a word for it."""

    def __init__(self, message: str, *, scheme: str | None = None) -> None:
        super().__init__(message, status=401, type="authentication_error", code="invalid_api_key")
        self.headers = {"www-authenticate": scheme} if scheme else {}


class AdapterRefused(BadRequest):
    """The uploaded adapter must not answer anybody."""

    def __init__(self, message: str) -> None:
        super().__init__(message, param="files", code="adapter_refused")


class NotFound(MoloraError):  # noqa: N818
    """The model or route asked for does not exist."""

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message, status=404, type="not_found_error", param=param, code=code)


class Unavailable(MoloraError):  # noqa: N818
    """The server cannot answer now: starting, stopping, or its engine is dead."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=503, type="service_unavailable")
        self.headers = {"retry-after": RETRY_LATER_S}


class Overloaded(Unavailable):
    """More is asked of the server at once than it takes on."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code, self.headers = "overloaded", {"retry-after": RETRY_SOON_S}


class TooManyRequests(MoloraError):  # noqa: N818
    """One client asks for more at once than it may."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=429, type="rate_limit_error", code="rate_limit_exceeded")
        self.headers = {"retry-after": RETRY_SOON_S}


class ConfigError(MoloraError):
    """The server refuses to start; the operator reads it, so it names the key or the file."""

"""Every error Molora raises on purpose, and the one form in which clients see them."""

from typing import Any


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

    def to_dict(self) -> dict[str, Any]:
        """OpenAI's error body."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            }
        }


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


class NotFound(MoloraError):  # noqa: N818
    """The model or route asked for does not exist."""

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message, status=404, type="not_found_error", param=param, code=code)


class Unavailable(MoloraError):  # noqa: N818
    """The server cannot answer now: starting, stopping, or its engine is dead."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=503, type="service_unavailable")


class ConfigError(MoloraError):
    """The server refuses to start; the operator reads it, so it names the key or the file."""

"""Bodies that are no request, paths that lead nowhere, and doors that are shut."""

import gzip

from molora.server.metrics import CHAT_PATH
from tests.server.rows import GOOD, JSON, Row, chat

BODIES = {
    "half of JSON": Row(b'{"model":'),
    "no body": Row(b""),
    "a list": Row([chat()]),
    "a string": Row(b'"a"'),
    "null": Row(b"null"),
    "a number": Row(b"5"),
    "plain text": Row(GOOD, headers={"content-type": "text/plain"}),
    "a form": Row(b"model=base", headers={"content-type": "application/x-www-form-urlencoded"}),
    "no type": Row(GOOD, headers={}),
    "gzip": Row(gzip.compress(GOOD), headers=JSON | {"content-encoding": "gzip"}),
    "not UTF-8": Row(b'{"model": "\xff\xfe"}'),
    "UTF-16": Row(GOOD.decode().encode("utf-16")),
    "half a surrogate pair": Row(b'{"model": "base", "messages": [{"role": "user", "content": "\\ud800"}]}'),
    "nested lists": Row(b"[" * 100_000 + b"]" * 100_000),
    "nested objects": Row(b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "nested 65 deep": Row(b'{"a":' * 65 + b"1" + b"}" * 65),
    "ten million messages": Row(lambda: b'{"model": "base", "messages": [' + b"{}," * 10_000_000 + b"{}]}"),
    "ten million tokens": Row(lambda: b'{"model": "base", "stop_token_ids": [' + b"1," * 10_000_000 + b"1]}"),
    "a number of 5000 digits": Row(b'{"seed": ' + b"9" * 5000 + b"}"),
    "too large": Row(lambda: b" " * (32 * 2**20 + 1), status=413),
    "the second of two keys": Row(b'{"model": "base", "messages": [], "n": 1, "n": 99}', "n"),
}

VLLMS = ("/pause", "/invocations", "/update_weights", "/v1/load_lora_adapter", "/v1/completions", "/tokenize")
TRICKS = ("//v1//chat//completions", "/v1/chat/completions/", "/V1/chat/completions", "/v1/chat/completions%00")
NOWHERE = ("/v1/%2e%2e/metrics", "/v1/chat/..%2fmetrics", "/live%00", "/docs", "/.env", "/" + "a" * 5000)
WRONG = (("GET", CHAT_PATH), ("PUT", CHAT_PATH), ("DELETE", "/v1/route"), ("POST", "/metrics"))
CLOSED = (("GET", "/v1/experts"), ("POST", "/v1/experts"), ("DELETE", "/v1/experts/spatial"))


def _row(method: str, path: str, status: int, kind: str) -> Row:
    return Row(b"", status=status, type=kind, method=method, path=path)


PATHS = {
    **{f"POST {path}": _row("POST", path, 404, "not_found_error") for path in VLLMS + TRICKS},
    **{f"GET {path[:20]}": _row("GET", path, 404, "not_found_error") for path in NOWHERE},
    **{f"{method} {path}": _row(method, path, 405, "invalid_request_error") for method, path in WRONG},
    **{f"{method} {path}": _row(method, path, 403, "permission_error") for method, path in CLOSED},
    "a client's key for an administrator's": Row(
        b"",
        status=403,
        type="permission_error",
        path="/v1/experts",
        headers={"authorization": "Bearer a", "x-admin-key": "a"},
    ),
    "a Host with a path": Row(GOOD[:-1], headers=JSON | {"host": "a/health"}),
}

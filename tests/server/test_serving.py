"""Beyond loopback nobody is served by oversight."""

import asyncio
import socket

import pytest

from molora.config import AccessConfig
from molora.errors import ConfigError
from molora.server.keys import API_KEYS
from molora.server.serving import bind, check_reach

CLOSED, OPEN = AccessConfig(), AccessConfig(open=True)


def reach(host: str, access: AccessConfig) -> None:
    with bind(host, 0) as listener:
        check_reach(listener, access)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_loopback_is_served_without_keys_and_says_so(host: str, caplog: pytest.LogCaptureFixture) -> None:
    reach(host, CLOSED)
    assert "OPEN" in caplog.text


@pytest.mark.parametrize("host", ["0.0.0.0", ""])
def test_other_addresses_want_keys_or_a_word(
    host: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="access"):
        reach(host, CLOSED)
    reach(host, OPEN)
    assert "OPEN" in caplog.text
    caplog.clear()
    monkeypatch.setenv(API_KEYS, "a key")
    reach(host, CLOSED)
    assert not caplog.records


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_all_addresses_of_ipv6_are_not_loopback() -> None:
    try:
        with bind("::", 0) as listener, pytest.raises(ConfigError, match="access"):
            check_reach(listener, CLOSED)
    except ConfigError:
        pytest.skip("no IPv6")


async def test_answers_are_not_held_back_for_others_to_go_with_them() -> None:
    """Head and body of an answer are sent apart, and by Nagle's algorithm the second waits for the client."""
    told: asyncio.Queue[int] = asyncio.Queue()

    def look(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.put_nowait(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with bind("127.0.0.1", 0) as listener:
        async with await asyncio.start_server(look, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            assert await told.get() == 1
            writer.close()

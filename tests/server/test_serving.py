"""Beyond loopback nobody is served by oversight."""

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

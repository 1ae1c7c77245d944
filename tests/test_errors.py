"""What a client sees of an error has an end, however much of its own words it quotes."""

from molora.errors import MAX_MESSAGE, MAX_PARAM, BadRequest, shorten


def test_a_short_text_stays() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abcd", 3) == "ab…"


def test_a_clients_words_are_not_sent_back_at_length() -> None:
    error = BadRequest("a" * 10**6, param="b" * 10**6).to_dict()["error"]
    assert (len(error["message"]), len(error["param"] or "")) == (MAX_MESSAGE, MAX_PARAM)
    assert BadRequest("a").to_dict()["error"]["param"] is None

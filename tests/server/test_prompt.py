"""What the router sees of a conversation."""

from typing import Any

from molora.config import MediaConfig
from molora.router.query import Query
from molora.server.pictures import Pictures
from molora.server.prompt import read_prompt
from tests.pictures import data_url, png

PICTURE = {"type": "image_url", "image_url": {"url": data_url(png())}}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


async def read(*messages: Any) -> Query:
    return (await read_prompt(list(messages), Pictures(MediaConfig()))).query


async def test_the_last_user_message_asks_and_those_before_it_are_earlier() -> None:
    said = {"role": "assistant", "content": "There."}
    asked = [{"type": "text", "text": "where"}, PICTURE, {"type": "text", "text": "is it?"}]
    query = await read({"role": "system", "content": "Be brief."}, user(asked), said, user(""), user("and now?"), said)
    assert (query.text, query.images) == ("and now?", ())
    assert [(turn.text, len(turn.images)) for turn in query.earlier] == [("where\nis it?", 1), ("", 0)]
    assert not any(turn.earlier for turn in query.earlier)


async def test_without_a_user_message_nothing_is_asked() -> None:
    assert await read({"role": "system", "content": "Be brief."}) == Query("")


async def test_a_picture_alone_and_no_content_at_all_are_questions() -> None:
    query = await read(user(None), user([PICTURE]))
    assert (query.text, len(query.images), query.earlier) == ("", 1, (Query(""),))

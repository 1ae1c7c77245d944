import base64
from pathlib import Path

from molora.benchmarks.quality.item import Item


def test_a_file_goes_as_it_is_with_its_type(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8raw")
    (message,) = Item("Where?", "left", (), tmp_path / "a.jpg").messages()
    url = message["content"][0]["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,")
    assert base64.b64decode(url.partition(",")[2]) == b"\xff\xd8raw"
    assert message["content"][1] == {"type": "text", "text": "Where?"}


def test_an_instruction_is_a_line_of_its_own() -> None:
    (message,) = Item("Where?", "left", (), "data:,x").messages("Briefly.")
    assert message["content"][1]["text"] == "Where?\nBriefly."

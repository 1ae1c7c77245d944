"""A WordNet of a few nouns, in the files of the real one."""

from pathlib import Path

PARENTS = {
    "entity": None,
    "artifact": "entity",
    "furniture": "artifact",
    "chair": "furniture",
    "table": "furniture",
    "arm_chair": "chair",
    "animal": "entity",
    "dog": "animal",
}
EMPTY = ("cntlist.rev", "index.sense", "index.adj", "index.adv", "index.verb", "data.adj", "data.adv", "data.verb")
EXCEPTIONS = ("adj.exc", "adv.exc", "noun.exc", "verb.exc")


def write_wordnet(folder: Path) -> None:
    """`folder` is one that nltk looks for data in."""
    files = folder / "corpora" / "wordnet"
    files.mkdir(parents=True)
    for name in (*EMPTY, *EXCEPTIONS):
        (files / name).touch()
    (files / "lexnames").write_text("00\tadj.all\t3\n")
    places = {noun: len("".join(_line(other, 0, 0) for other in _before(noun))) for noun in PARENTS}
    lines = [_line(noun, places[noun], places[parent] if parent else None) for noun, parent in PARENTS.items()]
    (files / "data.noun").write_text("".join(lines))
    (files / "index.noun").write_text("".join(f"{noun} n 1 1 @ 1 0 {places[noun]:08}\n" for noun in PARENTS))


def _before(noun: str) -> list[str]:
    nouns = list(PARENTS)
    return nouns[: nouns.index(noun)]


def _line(noun: str, place: int, parent: int | None) -> str:
    """As long with any places, but for `entity`, which has no parent."""
    up = "000" if parent is None or noun == "entity" else f"001 @ {parent:08} n 0000"
    return f"{place:08} 00 n 01 {noun} 0 {up} | a {noun}\n"

"""VQA-RAD (Lau et al. 2018), questions on radiology: its published JSON, pictures in the folder beside it.

Questions are counted by `answer_type`, CLOSED or OPEN, as papers do.
"""

from pathlib import Path

from molora.benchmarks.quality.data.rows import Row, check_row, find_picture, read_objects
from molora.benchmarks.quality.item import Item
from molora.router.training.rows import BadRows

FOLDERS = ("VQA_RAD Image Folder", "images", ".")


class _Row(Row):
    image_name: str
    question: str
    answer: str
    answer_type: str


def read_items(path: Path, bad: BadRows) -> list[Item]:
    """Raises ConfigError that names file and line, where `bad` does or what stands there is no JSON."""
    items = []
    for where, value in read_objects(path):
        row = check_row(_Row, value, where, bad)
        picture = row and find_picture(path, [row.image_name], FOLDERS, where, bad)
        if row and picture:
            items.append(Item(row.question, row.answer, (row.answer_type.upper(),), picture))
    return items

"""How much a JPEG asks of its decoder: each scan passes over all pixels again, each segment of metadata is kept."""

import re

MAX_SEGMENTS = 300
MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
"""Neither a byte of data after 0xff nor a restart."""
WITHOUT_LENGTH = (b"\x01", b"\xd8")
END = b"\xd9"


def has_too_many_segments(data: bytes) -> bool:
    """Up to the picture's end, whatever comes behind it."""
    place = 2
    for _ in range(MAX_SEGMENTS + 1):
        match = MARKER.search(data, place)
        if match is None or match[1] == END:
            return False
        place = match.end()
        if match[1] not in WITHOUT_LENGTH:
            place += int.from_bytes(data[place : place + 2])
    return True

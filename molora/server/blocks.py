"""How many pieces a PNG or GIF comes in: its reader handles each by itself, and a few bytes make one."""

MAX_BLOCKS = 10_000
PNG_START = b"\x89PNG\r\n\x1a\n"
GIF_START = (b"GIF87a", b"GIF89a")
GIF_HEADER = 13
EXTENSION, FRAME, END = b"!,;"


def has_too_many_blocks(data: bytes) -> bool:
    if data.startswith(PNG_START):
        return _has_too_many_chunks(data)
    return data.startswith(GIF_START) and _has_too_many_extensions(data)


def _has_too_many_chunks(data: bytes) -> bool:
    place = len(PNG_START)
    for _ in range(MAX_BLOCKS + 1):
        if place >= len(data):
            return False
        place += 12 + int.from_bytes(data[place : place + 4])
    return True


def _has_too_many_extensions(data: bytes) -> bool:
    """Up to the first frame: parts of extensions, and bytes that belong to nothing."""
    place, within = GIF_HEADER + _palette_bytes(data), False
    for _ in range(MAX_BLOCKS + 1):
        if place >= len(data):
            return False
        byte = data[place]
        if within:
            place, within = place + byte + 1, byte > 0
        elif byte in (FRAME, END):
            return False
        else:
            place, within = place + 1 + (byte == EXTENSION), byte == EXTENSION
    return True


def _palette_bytes(data: bytes) -> int:
    flags = data[10] if len(data) > 10 else 0
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0

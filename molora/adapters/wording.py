"""How what a client sent is shown back to it."""

import reprlib

_short = reprlib.Repr()
_short.maxstring = _short.maxlong = _short.maxother = 160


def shown(value: object) -> str:
    """Quoted, shortened, and free of what cannot be printed or encoded."""
    return _short.repr(value)

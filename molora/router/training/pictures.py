"""Pictures from disk, as the server hands those of a request to the router."""

from pathlib import Path

from PIL import Image

from molora.errors import ConfigError
from molora.picture import BROKEN, normalise


def open_picture(path: Path) -> Image.Image:
    """Raises ConfigError that names the file."""
    try:
        with Image.open(path) as image:
            return normalise(image)
    except FileNotFoundError:
        raise ConfigError(f"no such picture: {path}") from None
    except (*BROKEN, Image.DecompressionBombError) as error:
        raise ConfigError(f"a broken picture, or none: {path}: {error}") from None

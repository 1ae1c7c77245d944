"""Models of transformers on disk: in float32, on the CPU, whole or refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from molora.compat import mend_torch_companions
from molora.errors import ConfigError

UNREADABLE = (OSError, ValueError, KeyError, RuntimeError, SafetensorError)
"""What transformers raises for a folder that does not hold what it should."""


@contextmanager
def naming(key: str, folder: Path) -> Iterator[None]:
    """Turns these errors into a ConfigError that names the key under `router.encoder` and the folder."""
    mend_torch_companions()
    from transformers.utils import logging

    logging.disable_progress_bar()
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # it would list the weights that are left out on purpose
    try:
        yield
    except UNREADABLE as error:
        raise ConfigError(f"router.encoder.{key}: {folder} cannot be loaded: {error}") from None
    finally:
        logging.set_verbosity(verbosity)


def load_config(folder: Path) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(folder, local_files_only=True)


def load_model(folder: Path, config: Any) -> Any:
    """Of the weights in the folder those that the configuration has a place for. ValueError where one is missing."""
    import torch
    from transformers import AutoModel

    model, told = AutoModel.from_pretrained(
        folder, config=config, dtype=torch.float32, local_files_only=True, output_loading_info=True
    )
    if told["missing_keys"]:
        raise ValueError(f"no weights for {min(told['missing_keys'])}")
    return model.eval()


def load_image_processor(folder: Path) -> Any:
    """By Pillow wherever it runs: torchvision's has other numbers, and may be missing."""
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(folder, backend="pil", local_files_only=True)

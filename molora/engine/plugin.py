"""vLLM's `vllm.general_plugins` entry point: runs in every vLLM process before a model is loaded."""

from molora.compat import mend_torch_companions


def register() -> None:
    """Idempotent; changes nothing where torch's companions are sound."""
    mend_torch_companions()

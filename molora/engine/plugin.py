"""vLLM's `vllm.general_plugins` entry point: runs in every vLLM process before a model is loaded."""

from molora.compat import mend_torch_companions


def register() -> None:
    """Idempotent. Mends torch's companions where they are broken; on CPU, LoRA is computed densely."""
    mend_torch_companions()
    from molora.engine.dense_lora import serve_densely

    serve_densely()

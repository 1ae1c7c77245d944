"""vLLM's `vllm.general_plugins` entry point: runs in every vLLM process before a model is loaded."""

from molora.compat import mend_torch_companions


def register() -> None:
    """Idempotent. Mends torch's companions where they are broken; on CPU, vLLM then serves mixtures, densely."""
    mend_torch_companions()
    if can_mix():
        _put_in_place()


def can_mix() -> bool:
    """Whether there are kernels for mixtures on this platform."""
    from vllm.platforms import current_platform

    return bool(current_platform.is_cpu())


def scheduler_name(is_async: bool) -> str:
    """Of the class that counts adapters rather than mixtures."""
    from molora.engine import scheduler

    kind = scheduler.AsyncMixtureScheduler if is_async else scheduler.MixtureScheduler
    return f"{kind.__module__}.{kind.__qualname__}"


def _put_in_place() -> None:
    """By the names under which vLLM looks them up."""
    from vllm.platforms import current_platform
    from vllm.v1.worker import lora_model_runner_mixin

    from molora.engine.gated_lora import GatedLora
    from molora.engine.worker import MixtureWorkerManager

    wrapper = f"{GatedLora.__module__}.{GatedLora.__qualname__}"
    type(current_platform).get_punica_wrapper = classmethod(lambda _: wrapper)
    lora_model_runner_mixin.LRUCacheWorkerLoRAManager = MixtureWorkerManager

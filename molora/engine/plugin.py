"""vLLM's `vllm.general_plugins` entry point: runs in every vLLM process before a model is loaded."""

from molora.compat import mend_torch_companions
from molora.engine.kernels import can_mix, kernels
from molora.orphans import end_with_parent


def register() -> None:
    """Idempotent. Mends torch's companions where they are broken; has vLLM load adapters beside its steps, bound what
    a step may cost and, where it can, serve mixtures."""
    mend_torch_companions()
    end_with_parent()
    _put_in_place()


def scheduler_name(is_async: bool) -> str:
    """Of the class that counts adapters rather than mixtures."""
    from molora.engine import scheduler

    kind = scheduler.AsyncMixtureScheduler if is_async else scheduler.MixtureScheduler
    return f"{kind.__module__}.{kind.__qualname__}"


def _put_in_place() -> None:
    """By the names under which vLLM looks them up."""
    from vllm.platforms import current_platform
    from vllm.v1 import structured_output
    from vllm.v1.worker import lora_model_runner_mixin

    from molora.engine.grammars import BoundedBackend
    from molora.engine.loading import LoadingWorkerManager
    from molora.engine.worker import MixtureWorkerManager

    lora_model_runner_mixin.LRUCacheWorkerLoRAManager = MixtureWorkerManager if can_mix() else LoadingWorkerManager
    structured_output.GuidanceBackend = BoundedBackend
    if can_mix():
        type(current_platform).get_punica_wrapper = classmethod(lambda _: kernels().wrapper)

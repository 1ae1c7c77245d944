"""The installed vLLM is, where Molora leans on its inside, the one Molora was written against."""

import inspect
import pydoc

import pytest
import vllm

from molora.compat import mend_torch_companions
from molora.engine.internals import CHECKED_ON, INTERNALS, Internal

mend_torch_companions()

pytestmark = pytest.mark.engine


def test_the_version_is_the_one_they_were_read_on() -> None:
    assert vllm.__version__.startswith(f"{CHECKED_ON}.")


@pytest.mark.parametrize("internal", INTERNALS, ids=lambda i: i.name)
def test_an_internal_is_where_it_was_and_takes_what_it_took(internal: Internal) -> None:
    found = pydoc.locate(internal.name)
    assert found is not None, internal.use
    if internal.parameters is not None:
        taken = [name for name in inspect.signature(found).parameters if name != "self"]  # type: ignore[arg-type]
        assert tuple(taken) == internal.parameters, internal.use


def test_model_runners_make_the_manager_by_the_name_that_is_replaced() -> None:
    from vllm.v1.worker.lora_model_runner_mixin import LoRAModelRunnerMixin

    assert "LRUCacheWorkerLoRAManager" in LoRAModelRunnerMixin.load_lora_model.__code__.co_names


def test_the_scheduler_asks_before_it_counts() -> None:
    from vllm.v1.core.sched.scheduler import Scheduler

    source = inspect.getsource(Scheduler.schedule)
    asked, counted = (source.index(s) for s in ("_handle_blocked_waiting_request(", "== self.lora_config.max_loras"))
    assert asked < counted

"""How much of the machine an encoder takes."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """For work too small to share: beside an engine that keeps the cores busy, torch's threads mostly wait for each
    other, and a question takes many times as long."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""Cures for CUDA builds of torchvision, torchaudio and torchcodec beside a CPU build of torch.

pip pairs them so where only torch has a CPU build. None can load its library: importing torchvision then fails on
operators nobody registered, the others on the library itself. transformers and vLLM import all three, and Molora
needs none of what they do: boxes, sound, video.
"""

import os
import sys
from contextlib import suppress
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path

SHIMS = Path(__file__).with_name("shims")

_LIBRARIES = {
    "torchvision": "_C*.so",
    "torchaudio": "lib/_torchaudio*.so",
    "torchcodec": "libtorchcodec_image*.so",
}
_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

_KEPT_ALIVE: list[object] = []
"""A torch Library takes its operators with it when it is collected."""


@cache
def mend_torch_companions() -> None:
    """Make transformers and vLLM importable here and in child processes; where all the libraries load, does nothing."""
    broken = [package for package, library in _LIBRARIES.items() if not _can_load(package, library)]
    if "torchvision" in broken:
        _declare_operators()
    for package in set(broken) - {"torchvision"}:
        sys.modules[package] = module_from_spec(ModuleSpec(package, None))  # importable, and empty
    if broken:
        _mend_children()


def _can_load(package: str, pattern: str) -> bool:
    """Whether the package's own library loads beside this torch; True as well where there is no package to mend."""
    import torch

    spec = PathFinder.find_spec(package, _path_without_shims())
    if spec is None or not spec.submodule_search_locations:
        return True
    try:
        for file in Path(spec.submodule_search_locations[0]).glob(pattern):
            torch.ops.load_library(file)  # type: ignore[no-untyped-call]
    except OSError:
        return False
    return True


def _declare_operators() -> None:
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in _OPERATORS:
        if not hasattr(torch.ops.torchvision, schema.partition("(")[0]):
            library.define(schema)  # type: ignore[no-untyped-call]
    _KEPT_ALIVE.append(library)


def _path_without_shims() -> list[str]:
    return [folder for folder in sys.path if folder != str(SHIMS)]


def _mend_children() -> None:
    """vLLM starts processes of its own, and imports these libraries there before it asks any plugin."""
    sys.path[:] = _path_without_shims()
    with suppress(ImportError):
        import torchvision  # noqa: F401  # the real one, before its shim stands in front of it
    sys.path.insert(0, str(SHIMS))  # for those multiprocessing starts
    inherited = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(SHIMS), *inherited]))  # for the others

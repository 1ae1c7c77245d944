"""Stands before a torchvision that cannot load its library: mends it, then gives way to the real one."""

import sys
from pathlib import Path

from molora.compat import mend_torch_companions

sys.path[:] = [folder for folder in sys.path if folder != str(Path(__file__).parent)]
del sys.modules["torchvision"]
mend_torch_companions()

import torchvision  # noqa: E402, F401

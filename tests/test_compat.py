"""CUDA builds beside a CPU torch: the cure reaches this process and its children, and is idempotent."""

import subprocess
import sys

import pytest

PARENT = """
import multiprocessing, os, subprocess, sys
from molora.compat import mend_torch_companions
mend_torch_companions(); mend_torch_companions()
from molora.engine.plugin import register
register()
import torch, torchvision, torchaudio
assert torchvision.ops.nms is not None and torch.ops.torchvision.nms is not None
child = "import torchvision, torchaudio, transformers.processing_utils"
subprocess.run([sys.executable, "-c", child], check=True)
print("mended")
"""


@pytest.mark.engine
def test_the_cure_reaches_children_and_is_idempotent() -> None:
    done = subprocess.run([sys.executable, "-c", PARENT], capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith("mended"), done.stderr

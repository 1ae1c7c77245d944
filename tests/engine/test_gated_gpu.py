"""The CUDA path, as far as it can be seen without a GPU."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.engine


def test_mixtures_through_vllms_triton_kernels_are_those_of_the_definition() -> None:
    program = [sys.executable, "-m", "tests.engine.interpreted_gpu"]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("largest error") == 3

"""The real encoder, loaded once, and the demo's head."""

import pytest

from molora.router.encoders.sbert import SbertEncoder
from molora.router.head import Head, load_head
from tests.conftest import ROOT


@pytest.fixture(scope="session")
def encoder() -> SbertEncoder:
    return SbertEncoder()


@pytest.fixture(scope="session")
def demo_head() -> Head:
    return load_head(ROOT / "molora" / "router" / "demo" / "head.safetensors")

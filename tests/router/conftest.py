"""The real encoder, loaded once."""

import pytest

from molora.router.encoders.sbert import SbertEncoder


@pytest.fixture(scope="session")
def encoder() -> SbertEncoder:
    return SbertEncoder()

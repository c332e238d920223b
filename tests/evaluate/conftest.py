"""A small test set."""

import pytest
from fakes_evaluate import small_set

from callwright.conversation import Conversation


@pytest.fixture
def talks() -> list[Conversation]:
    return small_set()

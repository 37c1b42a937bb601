"""What every unit test stands on: nothing there depends on how busy the machine is."""

from collections.abc import Iterator

import pytest

from retail_core import limits


@pytest.fixture(autouse=True, scope="module")
def _no_clock_ends_a_search() -> Iterator[None]:
    """Take away the solver's guard: nodes alone end a search, and the same ones everywhere.

    A till's clock may end a search before its proof; what such a search answers differs between
    two calls on a busy machine. Tests of the guard set one of their own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "SOLVER_GUARD_MS", 0)
        yield

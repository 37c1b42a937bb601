"""What every test shares: the real peers, and the check that nothing is left running."""

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("house", deadline=None)  # a timing is never an assertion
# Where a processor is emulated: --hypothesis-profile=few.
hypothesis.settings.register_profile("few", deadline=None, max_examples=5)
hypothesis.settings.load_profile("house")

pytest_plugins = [
    f"tests.plugins.{path.stem}"
    for path in sorted((Path(__file__).parent / "plugins").glob("[a-z]*.py"))
]

ENDS_WITHIN_S = 5.0


@pytest.fixture
async def _no_pending_tasks() -> AsyncIterator[None]:
    """Fail an async test that leaves a task behind."""
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if not task.done()}
    left -= {asyncio.current_task()}
    for task in left:
        task.cancel()
    assert not left, f"pending tasks: {left}"


@pytest.fixture(autouse=True)
def _leaves_nothing_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread of ours running, or a pending task."""
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("_no_pending_tasks")
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon:
            thread.join(ENDS_WITHIN_S)
            assert not thread.is_alive(), f"thread left running: {thread.name}"

"""A night's work in a process of its own: the libraries and arrays it needs leave with it."""

import multiprocessing
from collections.abc import Callable
from uuid import UUID

from cloud_broker.settings import Settings
from retail_core.struct_types import make_ready

Night = Callable[[Settings, UUID], None]


def in_a_process(
    name: str, work: Night, settings: Settings, tenant: UUID, *, seconds: float
) -> str:
    """Work a night out elsewhere; return why it did not end well, empty when it did."""
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_begun, args=(work, settings, tenant), name=name, daemon=True)
    process.start()
    process.join(seconds)
    late = process.is_alive()
    if late:
        process.kill()
        process.join()
    code = process.exitcode
    process.close()
    if late:
        return f"> {seconds:.0f} s"
    return f"exit {code}" if code else ""


def _begun(work: Night, settings: Settings, tenant: UUID) -> None:
    """Begin a night in its own process: types are worked out before its threads meet them."""
    make_ready()
    work(settings, tenant)

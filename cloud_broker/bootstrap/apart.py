"""A night's work in a process of its own: the libraries and arrays it needs leave with it."""

import multiprocessing
from collections.abc import Callable
from uuid import UUID

from cloud_broker.settings import Settings

Night = Callable[[Settings, UUID], None]


def in_a_process(
    name: str, work: Night, settings: Settings, tenant: UUID, *, seconds: float
) -> str:
    """Work a night out elsewhere; return why it did not end well, empty when it did."""
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=work, args=(settings, tenant), name=name, daemon=True)
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

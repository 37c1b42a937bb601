"""What an act is refused with."""

from collections.abc import Callable

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


def code_of(act: Callable[..., object], *args: object) -> FaultCode | None:
    """Return the code of the Fault that the act ends in, None when it ends well."""
    try:
        act(*args)
    except Fault as fault:
        return fault.code
    return None

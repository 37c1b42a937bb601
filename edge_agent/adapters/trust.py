"""Whom the box trusts over TLS."""

import ssl
from collections.abc import Callable
from pathlib import Path

from edge_agent.adapters.clock_system import kernel_wall_ms
from retail_core import limits

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python's enum does not name.
_NO_CHECK_TIME = 0x200000


def trusted(
    ca_file: Path | None,
    wall_ms: Callable[[], int] = kernel_wall_ms,
    *,
    identity: Path | None = None,
    system: bool = False,
) -> ssl.SSLContext:
    """Return a context that checks names and chains, and dates where the system knows the date.

    A board that wakes in 1970 finds every certificate not valid yet, and could never hear from
    anybody what time it is. `identity` is the file with the box's own key and certificate, read
    anew for each context; `system` trusts the system's list beside `ca_file`.
    """
    context = ssl.create_default_context(cafile=None if system else ca_file)
    if system and ca_file is not None:
        context.load_verify_locations(ca_file)
    if identity is not None:
        context.load_cert_chain(identity)
    if wall_ms() < limits.SOFTWARE_BORN_MS:
        context.verify_flags |= _NO_CHECK_TIME
    return context

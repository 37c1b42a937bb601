"""The composition root: the only place that names adapters.

The commands need little and start often; what serves is put together in a module of its own, which
`cloud-broker run` alone imports.
"""

from cloud_broker.bootstrap.office import Office, build_office

__all__ = ["Office", "build_office"]

"""Tells HQ by itself when a server's certificate or the revocation list ends, or is not heeded."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from cloud_broker.domain.alert_plan import AlertName, Trouble
from cloud_broker.domain.server_ends import ServerEnd, canary_troubles, end_troubles

LOOK_EVERY_MS = 3_600_000


class CertificateWatch:
    """For one thread; all tenants share the servers, so one look an hour does for all of them.

    A certificate that cannot be seen for a while counts as it was seen last. `tried` are the
    brokers that answer, and whether each lets a revoked certificate in.
    """

    def __init__(
        self,
        ends: Callable[[], Iterable[ServerEnd]],
        tried: Callable[[], Iterable[tuple[str, bool]]] = tuple,
    ) -> None:
        self._ends = ends
        self._tried = tried
        self._let_in: dict[str, bool] = {}
        self._seen: dict[str, ServerEnd] = {}
        self._since: dict[AlertName, int] = {}
        self._look_at = 0

    def troubles(self, now_ms: int) -> tuple[Trouble, ...]:
        """Return what is to be told now."""
        if now_ms >= self._look_at:
            self._look_at = now_ms + LOOK_EVERY_MS
            self._seen |= {one.what: one for one in self._ends()}
            self._let_in |= dict(self._tried())
        found = end_troubles(self._seen.values(), now_ms) + canary_troubles(self._let_in, now_ms)
        self._since = {one.name: self._since.get(one.name, now_ms) for one in found}
        return tuple(replace(one, since_ms=self._since[one.name]) for one in found)

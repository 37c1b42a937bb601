"""Tells HQ by itself when a legal entity comes near the duty to file its faces, and when it is due.

Persons are counted now and then: the number moves slowly, and counting it reads every holding.
"""

from uuid import UUID

from cloud_broker.domain.alert_plan import Trouble
from cloud_broker.ports.unit import Unit
from cloud_broker.services.faces.faces import LAWFUL_LINES, FilingLines, duty

COUNT_EVERY_MS = 600_000


class FilingWatch:
    """For one thread; remembers since when each line was crossed, as far as it has seen."""

    def __init__(self, lines: FilingLines = LAWFUL_LINES) -> None:
        self._lines = lines
        self._held: dict[UUID, tuple[Trouble, ...]] = {}
        self._count_at: dict[UUID, int] = {}

    def troubles(self, unit: Unit, tenant: UUID, now_ms: int) -> tuple[Trouble, ...]:
        """Return what is to be told of a tenant's legal entities."""
        if now_ms >= self._count_at.get(tenant, 0):
            self._count_at[tenant] = now_ms + COUNT_EVERY_MS
            self._held[tenant] = self._counted(unit, self._held.get(tenant, ()), now_ms)
        return self._held[tenant]

    def _counted(self, unit: Unit, held: tuple[Trouble, ...], now_ms: int) -> tuple[Trouble, ...]:
        since = {trouble.name: trouble.since_ms for trouble in held}
        found = []
        for one in unit.faces.persons():
            code = duty(one.persons, self._lines)
            if code is not None:
                name = (None, code.value, one.name)
                said = {"entity": one.name, "count": str(one.persons)}
                found.append(Trouble(*name, since.get(name, now_ms), said))
        return tuple(found)

"""What other processes left to be told to the stores: changes of feeds, catalogues, bundles."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from cloud_broker.ports.catalogue import Announcement
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Units
from cloud_broker.services.line import downlink
from cloud_broker.services.line.downlink import Outbound
from retail_core import limits
from retail_core.wire.topics import shard_of

# A store that is further behind is not listening; when it comes back it says hello.
_ROWS_MAX = 4 * limits.CHANGES_PER_FRAME_MAX


@dataclass(frozen=True, slots=True)
class Left:
    """What to publish, then the marks to set; what nobody keeps any more is marked, too."""

    send: tuple[Outbound, ...]
    marks: dict[tuple[UUID, UUID], int]
    documents: tuple[Announcement, ...]
    more: bool = False


class Announcer:
    """Finds what was committed but not announced, by us before a crash or by another process."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def left(
        self,
        tenant: UUID,
        announced: dict[tuple[UUID, UUID], int],
        shards: Collection[int] = range(limits.SHARDS),
        *,
        documents: bool = True,
        stores_max: int | None = None,
    ) -> Left:
        """Return what is left to announce; `announced` are marks not yet written down.

        Of the stores in these shards alone, and documents only where asked for: others do the rest.
        Beyond `stores_max` stores there is `more` to be asked for.
        """
        send: list[Outbound] = []
        marks: dict[tuple[UUID, UUID], int] = {}
        with self._units.begin(tenant) as unit:
            # One that was told to its end, and only not marked yet, costs no question.
            behind = {
                store: head
                for store, head in unit.feed.behind().items()
                if shard_of(store) in shards and announced.get((tenant, store), 0) < head.head
            }
            some = dict(islice(behind.items(), stores_max))
            boxes = unit.fleet.devices_of(some) if some else {}
            gaps: dict[UUID, tuple[int, int]] = {}
            for store, head in some.items():
                done = max(head.published, announced.get((tenant, store), 0))
                gaps[store] = max(done, head.head - _ROWS_MAX), head.head + 1
                marks[tenant, store] = head.head
            rows = sorted(
                unit.feed.between(gaps) if gaps else (), key=lambda row: (row.store.int, row.pos)
            )
            send += downlink.changes(tenant, rows, boxes)
            marks |= {(tenant, row.store): row.pos for row in rows}
            published = unit.catalogue.unannounced() if documents else ()
        send += [downlink.announcement(tenant, document) for document in published]
        return Left(tuple(send), marks, published, more=len(behind) > len(some))

    def again(self, stale: Collection[tuple[UUID, str]]) -> tuple[Outbound, ...]:
        """Announce the newest documents once more, for boxes that came back with older ones."""
        send: list[Outbound] = []
        for tenant, kind in sorted(stale):
            with self._units.begin(tenant) as unit:
                document = unit.catalogue.newest(kind)
            if document is not None:
                send.append(downlink.announcement(tenant, document))
        return tuple(send)

    def written(self, tenant: UUID, left: Left) -> None:
        """Set the marks, after everything was handed to the broker."""
        self.mark(left.marks)
        if left.documents:
            with self._units.begin(tenant) as unit:
                unit.catalogue.announced(left.documents, self._clock.now_ms())

    def mark(self, marks: dict[tuple[UUID, UUID], int]) -> None:
        """Note how far feeds were announced; a mark that gets lost only means saying it again."""
        for tenant in {tenant for tenant, _ in marks}:
            with self._units.begin(tenant) as unit:
                unit.feed.mark_published(
                    {store: pos for (owner, store), pos in marks.items() if owner == tenant}
                )

"""A box says hello: it hears what is committed, and what it missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.chain import DeviceChain, proof_for
from cloud_broker.ports.feed import FeedHead
from cloud_broker.ports.journal import ChainKey
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.line import downlink
from cloud_broker.services.line.downlink import Outbound
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.rights.restoring import epoch_of
from retail_core import limits
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_hello
from retail_core.wire.messages import WIRE_VERSION, ChangeFrame, Hello
from retail_core.wire.topics import DeviceTopic, parse_device_topic

# A box that missed more fetches the rest over HTTP: it sees the gap at the next live change, and
# asks on its own after a full frame.
ROWS_MAX = 4 * limits.CHANGES_PER_FRAME_MAX


@dataclass(frozen=True, slots=True)
class Greeted:
    """Answers, and the documents (tenant, kind) that have to be announced once more."""

    send: tuple[Outbound, ...] = ()
    stale: frozenset[tuple[UUID, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Said:
    """A hello and who said it."""

    sender: DeviceTopic
    hello: Hello

    @property
    def key(self) -> ChainKey:
        return self.sender.device, self.hello.epoch


class Greeter:
    """Answers hellos."""

    def __init__(self, units: Units, tally: FaultTally) -> None:
        self._units = units
        self._tally = tally

    def greet(self, *messages: Inbound) -> Greeted:
        """Answer hellos, those of a tenant in one transaction.

        A bad one is counted and gets no answer.
        """
        by_tenant: dict[UUID, list[_Said]] = {}
        for message in messages:
            if (said := self._opened(message)) is not None:
                by_tenant.setdefault(said.sender.tenant, []).append(said)
        send: list[Outbound] = []
        stale: set[tuple[UUID, str]] = set()
        for tenant, some in by_tenant.items():
            with self._units.begin(tenant) as unit:
                greeted = self._answered(unit, some)
            send += greeted.send
            stale |= greeted.stale
        return Greeted(tuple(send), frozenset(stale))

    def _opened(self, message: Inbound) -> _Said | None:
        sender = parse_device_topic(message.topic)
        if sender is None:
            self._tally.count(FaultCode.WIRE_MALFORMED)
            return None
        try:
            return _Said(sender, decode_hello(message.payload))
        except Fault as fault:
            self._tally.count(fault.code)
            return None

    def _answered(self, unit: Unit, some: Sequence[_Said]) -> Greeted:
        devices, keys = {one.sender.device for one in some}, {one.key for one in some}
        unit.ahead(lambda: unit.journal.committed_of(keys), unit.catalogue.marks)
        places = unit.fleet.places(devices)
        known: list[tuple[_Said, Place]] = []
        for one in some:
            place = places.get(one.sender.device)
            if place is None or place.shard != one.sender.shard:
                self._tally.count(FaultCode.WIRE_SENDER_MISMATCH)
            else:
                known.append((one, place))
        if not known:
            return Greeted()
        heads = unit.feed.heads({place.store for _, place in known})
        known = [(one, place) for one, place in known if place.store in heads]
        told = _Told(epoch_of(unit), unit.journal.committed_of(keys), unit.catalogue.marks(), heads)
        unit.ahead(
            *(
                partial(unit.feed.since, place.store, one.hello.feed_pos, ROWS_MAX)
                for one, place in known
                if _misses(one.hello, heads[place.store])
            )
        )
        answers = [_answer(unit, one, place, told) for one, place in known]
        return Greeted(
            tuple(chain.from_iterable(answer.send for answer in answers)),
            frozenset(chain.from_iterable(answer.stale for answer in answers)),
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the cloud holds, as all who said hello together are told."""

    cloud_epoch: int
    chains: Mapping[ChainKey, DeviceChain]
    newest: Mapping[str, int]
    heads: Mapping[UUID, FeedHead]


def _answer(unit: Unit, said: _Said, place: Place, told: _Told) -> Greeted:
    tenant, hello = said.sender.tenant, said.hello
    committed = told.chains.get(said.key, DeviceChain())
    proven = proof_for(committed, hello.lowest_unacked, hello.next_seq)
    head = told.heads[place.store]
    if hello.feed_pos > head.head:
        head = replace(head, feed_epoch=unit.feed.begin_epoch(place.store))
    stand = downlink.Stand(told.cloud_epoch, told.newest, head.feed_epoch, head.head)
    send = [downlink.greeted(tenant, place, hello.epoch, proven, stand)]
    send += [
        downlink.to_one_box(tenant, place, frame)
        for frame in _missed(unit, place.store, hello, head)
    ]
    held = {"catalogue": hello.catalogue_version, "bundle": hello.bundle_version}
    stale = {(tenant, kind) for kind, version in held.items() if told.newest[kind] > version}
    return Greeted(tuple(send), frozenset(stale))


def _missed(unit: Unit, store: UUID, hello: Hello, head: FeedHead) -> tuple[ChangeFrame, ...]:
    """Return what lies after the box's position.

    A position beyond the feed's end comes from before a restore of the database: the feed has
    begun a new epoch, and an empty frame of it makes the box fetch everything again.
    """
    if hello.feed_pos > head.head:
        return (ChangeFrame(WIRE_VERSION, head.feed_epoch, 0, 0, ()),)
    if not _misses(hello, head):
        return ()
    return downlink.change_frames(unit.feed.since(store, hello.feed_pos, ROWS_MAX))


def _misses(hello: Hello, head: FeedHead) -> bool:
    """Return whether a box is sent what it missed.

    What is not kept any more it finds missing when it reads its feed.
    """
    return head.pruned <= hello.feed_pos < head.head

"""A box says hello: it hears what is committed, and what it missed."""

from dataclasses import dataclass, replace
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.chain import proof_for
from cloud_broker.ports.feed import FeedHead
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


class Greeter:
    """Answers hellos."""

    def __init__(self, units: Units, tally: FaultTally) -> None:
        self._units = units
        self._tally = tally

    def greet(self, message: Inbound) -> Greeted:
        """Answer one hello; a bad one is counted and gets no answer."""
        sender = parse_device_topic(message.topic)
        if sender is None:
            self._tally.count(FaultCode.WIRE_MALFORMED)
            return Greeted()
        try:
            hello = decode_hello(message.payload)
        except Fault as fault:
            self._tally.count(fault.code)
            return Greeted()
        with self._units.begin(sender.tenant) as unit:
            place = unit.fleet.places([sender.device]).get(sender.device)
            if place is None or place.shard != sender.shard:
                self._tally.count(FaultCode.WIRE_SENDER_MISMATCH)
                return Greeted()
            return _answer(unit, sender, place, hello)


def _answer(unit: Unit, sender: DeviceTopic, place: Place, hello: Hello) -> Greeted:
    tenant = sender.tenant
    chain = unit.journal.committed((sender.device, hello.epoch))
    proven = proof_for(chain, hello.lowest_unacked, hello.next_seq)
    head, newest = unit.feed.head(place.store), unit.catalogue.marks()
    if hello.feed_pos > head.head:
        head = replace(head, feed_epoch=unit.feed.begin_epoch(place.store))
    stand = downlink.Stand(epoch_of(unit), newest, head.feed_epoch, head.head)
    send = [downlink.greeted(tenant, place, hello.epoch, proven, stand)]
    send += [
        downlink.to_one_box(tenant, place, frame)
        for frame in _missed(unit, place.store, hello, head)
    ]
    held = {"catalogue": hello.catalogue_version, "bundle": hello.bundle_version}
    stale = frozenset((tenant, kind) for kind, version in held.items() if newest[kind] > version)
    return Greeted(tuple(send), stale)


def _missed(unit: Unit, store: UUID, hello: Hello, head: FeedHead) -> tuple[ChangeFrame, ...]:
    """Return what lies after the box's position.

    A position beyond the feed's end comes from before a restore of the database: the feed has
    begun a new epoch, and an empty frame of it makes the box fetch everything again.
    """
    if hello.feed_pos > head.head:
        return (ChangeFrame(WIRE_VERSION, head.feed_epoch, 0, 0, ()),)
    if hello.feed_pos == head.head or hello.feed_pos < head.pruned:
        return ()  # what is not kept any more it finds missing when it reads its feed
    return downlink.change_frames(unit.feed.since(store, hello.feed_pos, ROWS_MAX))

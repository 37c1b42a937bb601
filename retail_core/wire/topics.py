"""MQTT topics, release 1: `r1/{tenant}/{shard}/d/{device}/…`, `r1/{tenant}/all/…`.

A store always lies in one of 64 static shards, so its frames keep their order in one ingest
worker and brokers can be added by shard without a word to the boxes.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID
from zlib import crc32

from retail_core import limits

RELEASE = "r1"
UP_TAILS = frozenset({"up", "st", "hello", "seen"})
DOWN_TAILS = frozenset({"ack", "chg", "lane"})
STREAMS = frozenset({"catalogue", "bundle", "models", "persons", "stock", "recommendations"})
# Only the canonical form of an id: another spelling of the same one would pass an ACL twice.
_ID = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_TAILS = "|".join(sorted(UP_TAILS | DOWN_TAILS))
_OF_DEVICE = re.compile(f"{RELEASE}/{_ID}/([0-9]+)/d/{_ID}/({_TAILS})")


def shard_of(store: UUID) -> int:
    """Return the shard of a store, 0..63."""
    return crc32(store.bytes) % limits.SHARDS


@dataclass(frozen=True, slots=True)
class DeviceTopic:
    """A topic of one device; `tail` is one of `UP_TAILS` or `DOWN_TAILS`."""

    tenant: UUID
    shard: int
    device: UUID
    tail: str

    def __str__(self) -> str:
        return f"{RELEASE}/{self.tenant}/{self.shard}/d/{self.device}/{self.tail}"


@dataclass(frozen=True, slots=True)
class DeviceTopics:
    """The topics of one device, as text."""

    up: str
    st: str
    hello: str
    ack: str
    chg: str
    lane: str
    seen: str


def device_topics(tenant: UUID, store: UUID, device: UUID) -> DeviceTopics:
    """Return the topics on which a device of a store speaks and listens."""
    shard = shard_of(store)

    def topic(tail: str) -> str:
        return str(DeviceTopic(tenant, shard, device, tail))

    return DeviceTopics(
        up=topic("up"),
        st=topic("st"),
        hello=topic("hello"),
        ack=topic("ack"),
        chg=topic("chg"),
        lane=topic("lane"),
        seen=topic("seen"),
    )


def all_topic(tenant: UUID, stream: str) -> str:
    """Return the topic on which a `catalogue`, `bundle` or `models` is announced to all stores."""
    return f"{RELEASE}/{tenant}/all/{stream}"


def cloud_state_topic(tenant: UUID) -> str:
    """Return the retained topic that says whether ingest is up."""
    return f"{RELEASE}/{tenant}/cloud/st"


def shard_state_topic(shard: int) -> str:
    """Return the retained topic that says who works a shard, for every tenant's boxes."""
    return f"{RELEASE}/cloud/s/{shard}"


def worker_state_topic(slot: int) -> str:
    """Return the retained topic of an ingest worker's own presence, which is its will."""
    return f"{RELEASE}/cloud/w/{slot}"


def box_filters(tenant: UUID, store: UUID, device: UUID) -> tuple[str, ...]:
    """Return what a box subscribes to."""
    own = device_topics(tenant, store, device)
    return (
        own.ack,
        own.chg,
        own.lane,
        all_topic(tenant, "#"),
        cloud_state_topic(tenant),
        shard_state_topic(shard_of(store)),
        worker_state_topic_filter(),
    )


def worker_state_topic_filter() -> str:
    """Return what hears every ingest worker's presence."""
    return f"{RELEASE}/cloud/w/+"


def cloud_filters(shards: Collection[int] | None = None) -> tuple[str, ...]:
    """Return what ingest subscribes to: every tenant's boxes in these shards, None for all."""
    levels = ["+"] if shards is None or len(shards) == limits.SHARDS else sorted(shards)
    return tuple(
        f"{RELEASE}/+/{level}/d/+/{tail}"
        for level in levels
        for tail in ("up", "st", "hello", "seen")
    )


def shard_state_filters(shards: Collection[int]) -> tuple[str, ...]:
    """Return where a worker hears what is said of its shards, by itself or by one that stalled."""
    if len(shards) == limits.SHARDS:
        return (f"{RELEASE}/cloud/s/+",)
    return tuple(shard_state_topic(shard) for shard in sorted(shards))


def parse_device_topic(topic: str) -> DeviceTopic | None:
    """Return who speaks on a topic, or None when it is not a device topic of this release."""
    parts = _device_parts(topic)
    if parts is None:
        return None
    return DeviceTopic(UUID(parts[1]), int(parts[2]), UUID(parts[3]), parts[4])


def shard_in(topic: str) -> int | None:
    """Return the shard whose broker carries a topic, None for what goes to every broker."""
    own = parse_device_topic(topic)
    if own is not None:
        return own.shard
    head, _, shard = topic.rpartition("/")
    return _shard(shard) if head == f"{RELEASE}/cloud/s" else None


def tail_of(topic: str) -> str | None:
    """Return what a box sorts by: `ack`, `chg`, `lane`, `all/…`, `cloud/st`, `cloud/s`, `cloud/w`.

    The last two are of a shard and of a worker, whose number is of no use to a box.
    """
    own = _device_parts(topic)
    if own is not None:
        return own[4]
    parts = topic.split("/", 2)
    if parts[0] != RELEASE or len(parts) != len(("release", "tenant", "tail")):
        return None
    tail = parts[2]
    if parts[1] == "cloud":
        kind, _, number = tail.partition("/")
        return f"cloud/{kind}" if kind in {"s", "w"} and _shard(number) is not None else None
    known = tail == "cloud/st" or tail in {f"all/{stream}" for stream in STREAMS}
    return tail if known else None


def _device_parts(topic: str) -> re.Match[str] | None:
    """Match (tenant, shard, device, tail); every message passes here, so no id is made of it."""
    found = _OF_DEVICE.fullmatch(topic)
    return found if found is not None and _shard(found[2]) is not None else None


def _shard(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal()):
        return None
    shard = int(text)
    return shard if shard < limits.SHARDS and str(shard) == text else None

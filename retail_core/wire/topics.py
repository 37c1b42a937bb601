"""MQTT topics, release 1: `r1/{tenant}/{shard}/d/{device}/…`, `r1/{tenant}/all/…`.

A store always lies in one of 64 static shards, so its frames keep their order in one ingest
worker and brokers can be added by shard without a word to the boxes.
"""

from dataclasses import dataclass
from uuid import UUID
from zlib import crc32

from retail_core import limits

RELEASE = "r1"
UP_TAILS = frozenset({"up", "st", "hello", "seen"})
DOWN_TAILS = frozenset({"ack", "chg", "lane"})
STREAMS = frozenset({"catalogue", "bundle", "models", "persons", "stock", "recommendations"})
_DEVICE_LEVELS = 6


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


def box_filters(tenant: UUID, store: UUID, device: UUID) -> tuple[str, ...]:
    """Return what a box subscribes to."""
    own = device_topics(tenant, store, device)
    return (own.ack, own.chg, own.lane, all_topic(tenant, "#"), cloud_state_topic(tenant))


def cloud_filters() -> tuple[str, ...]:
    """Return what ingest subscribes to: every tenant, every shard."""
    return tuple(f"{RELEASE}/+/+/d/+/{tail}" for tail in ("up", "st", "hello", "seen"))


def parse_device_topic(topic: str) -> DeviceTopic | None:
    """Return who speaks on a topic, or None when it is not a device topic of this release."""
    parts = topic.split("/")
    if len(parts) != _DEVICE_LEVELS or parts[0] != RELEASE or parts[3] != "d":
        return None
    tenant, device, shard, tail = _uuid(parts[1]), _uuid(parts[4]), _shard(parts[2]), parts[5]
    if tenant is None or device is None or shard is None or tail not in UP_TAILS | DOWN_TAILS:
        return None
    return DeviceTopic(tenant, shard, device, tail)


def tail_of(topic: str) -> str | None:
    """Return what a box sorts by: `ack`, `chg`, `lane`, `all/…` or `cloud/st`."""
    own = parse_device_topic(topic)
    if own is not None:
        return own.tail
    parts = topic.split("/", 2)
    if parts[0] != RELEASE or len(parts) != len(("release", "tenant", "tail")):
        return None
    tail = parts[2]
    known = tail == "cloud/st" or tail in {f"all/{stream}" for stream in STREAMS}
    return tail if known else None


def _uuid(text: str) -> UUID | None:
    """Only the canonical form: another spelling of the same id would pass an ACL twice."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def _shard(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal()):
        return None
    shard = int(text)
    return shard if shard < limits.SHARDS and str(shard) == text else None

"""Topics: a store keeps its shard, and only the canonical spelling is understood."""

from uuid import UUID
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.wire import topics
from retail_core.wire.topics import DeviceTopic

TENANT = UUID("018f0000-0000-7000-8000-000000000001")
STORE = UUID("018f0000-0000-7000-8000-000000000002")
DEVICE = UUID("018f0000-0000-7000-8000-0000000000ab")
SHARD = crc32(STORE.bytes) % 64
BASE = f"r1/{TENANT}/{SHARD}/d/{DEVICE}"


def test_a_device_has_its_topics() -> None:
    found = topics.device_topics(TENANT, STORE, DEVICE)
    assert found == topics.DeviceTopics(
        up=f"{BASE}/up",
        st=f"{BASE}/st",
        hello=f"{BASE}/hello",
        ack=f"{BASE}/ack",
        chg=f"{BASE}/chg",
        lane=f"{BASE}/lane",
        seen=f"{BASE}/seen",
    )


def test_the_shard_is_fixed_for_ever() -> None:
    assert topics.shard_of(UUID(int=0)) == 21
    assert topics.shard_of(STORE) == SHARD


@given(st.uuids())
def test_a_shard_is_one_of_64(store: UUID) -> None:
    assert 0 <= topics.shard_of(store) < 64


def test_a_box_hears_its_own_and_what_is_for_all() -> None:
    assert topics.box_filters(TENANT, STORE, DEVICE) == (
        f"{BASE}/ack",
        f"{BASE}/chg",
        f"{BASE}/lane",
        f"r1/{TENANT}/all/#",
        f"r1/{TENANT}/cloud/st",
        f"r1/cloud/s/{SHARD}",
        "r1/cloud/w/+",
    )


def test_the_cloud_hears_every_box() -> None:
    assert topics.cloud_filters() == tuple(
        f"r1/+/+/d/+/{tail}" for tail in ("up", "st", "hello", "seen")
    )


def test_a_worker_hears_its_shards() -> None:
    assert topics.cloud_filters({3, 9})[::4] == ("r1/+/3/d/+/up", "r1/+/9/d/+/up")
    assert len(topics.cloud_filters({3, 9})) == 8
    assert topics.cloud_filters(()) == ()
    assert topics.cloud_filters(range(64)) == topics.cloud_filters()
    assert topics.shard_state_filters({9, 3}) == ("r1/cloud/s/3", "r1/cloud/s/9")
    assert topics.shard_state_filters(range(64)) == ("r1/cloud/s/+",)


@pytest.mark.parametrize(
    ("topic", "shard", "tail"),
    [
        ("r1/cloud/s/5", 5, "cloud/s"),
        ("r1/cloud/w/5", None, "cloud/w"),
        ("r1/cloud/s/64", None, None),
        ("r1/cloud/w/x", None, None),
        ("r1/cloud/x/5", None, None),
        ("r1/cloud/s", None, None),
        (f"{BASE}/up", SHARD, "up"),
        (f"r1/{TENANT}/all/bundle", None, "all/bundle"),
        (f"r1/{TENANT}/cloud/s", None, None),
    ],
)
def test_a_topic_has_the_broker_of_its_shard(
    topic: str, shard: int | None, tail: str | None
) -> None:
    assert (topics.shard_in(topic), topics.tail_of(topic)) == (shard, tail)


@given(
    st.uuids(),
    st.uuids(),
    st.integers(0, 63),
    st.sampled_from(["up", "st", "hello", "seen", "ack", "chg", "lane"]),
)
def test_a_device_topic_is_read_back(tenant: UUID, device: UUID, shard: int, tail: str) -> None:
    topic = DeviceTopic(tenant, shard, device, tail)
    assert topics.parse_device_topic(str(topic)) == topic
    assert topics.tail_of(str(topic)) == tail


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "r1",
        BASE,
        f"{BASE}/other",
        f"{BASE}/up/more",
        f"x/{BASE}/up",
        f"r2/{TENANT}/{SHARD}/d/{DEVICE}/up",
        f"r1/{TENANT}/{SHARD}/s/{DEVICE}/up",
        f"r1/{TENANT}/64/d/{DEVICE}/up",
        f"r1/{TENANT}/-1/d/{DEVICE}/up",
        f"r1/{TENANT}/07/d/{DEVICE}/up",
        f"r1/{TENANT}//d/{DEVICE}/up",
        f"r1/{TENANT}/٣/d/{DEVICE}/up",
        f"r1/{TENANT}/x/d/{DEVICE}/up",
        f"r1/{TENANT}/{SHARD}/d/{str(DEVICE).upper()}/up",
        f"r1/{TENANT.hex}/{SHARD}/d/{DEVICE}/up",
        f"r1/{{{TENANT}}}/{SHARD}/d/{DEVICE}/up",
        f"r1/nobody/{SHARD}/d/{DEVICE}/up",
        f"r1/{TENANT}/{SHARD}/d/nobody/up",
    ],
)
def test_anything_else_is_not_a_device_topic(topic: str) -> None:
    assert topics.parse_device_topic(topic) is None
    assert topics.tail_of(topic) is None


def test_what_is_for_all_is_sorted_by_its_tail() -> None:
    assert topics.tail_of(topics.all_topic(TENANT, "catalogue")) == "all/catalogue"
    assert topics.tail_of(topics.all_topic(TENANT, "bundle")) == "all/bundle"
    assert topics.tail_of(topics.cloud_state_topic(TENANT)) == "cloud/st"
    assert topics.all_topic(TENANT, "bundle") == f"r1/{TENANT}/all/bundle"
    assert topics.cloud_state_topic(TENANT) == f"r1/{TENANT}/cloud/st"


@pytest.mark.parametrize("tail", ["all/other", "all", "cloud/up", "cloud/st/x", "", "all/bundle/x"])
def test_other_tails_are_not_ours(tail: str) -> None:
    assert topics.tail_of(f"r1/{TENANT}/{tail}") is None
    assert topics.tail_of(f"r2/{TENANT}/all/bundle") is None


@given(st.text(max_size=80))
def test_any_text_is_judged_without_an_error(topic: str) -> None:
    topics.tail_of(topic)

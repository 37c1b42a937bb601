"""The chain of a device's journal: any order of honest frames joins, any other is seen."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.chain import DeviceChain, join, used_before
from retail_core.wire.codec import GENESIS_HASH
from tests.fakes.cloud_box import SimBox
from tests.fakes.cloud_ingest import Cloud

LENGTH = 30


def journal(seed: int = 0, length: int = LENGTH) -> list[bytes]:
    """Hashes of a journal: index n is the hash after sequence n."""
    hashes = [GENESIS_HASH]
    for seq in range(1, length + 1):
        hashes.append(sha256(hashes[-1] + bytes([seed, seq])).digest())
    return hashes


frames = st.tuples(st.integers(1, LENGTH), st.integers(0, 9)).map(
    lambda pair: (pair[0], min(LENGTH, pair[0] + pair[1]))
)


@given(st.lists(frames, max_size=25))
def test_honest_frames_join_in_any_order(some: list[tuple[int, int]]) -> None:
    hashes = journal()
    chain = DeviceChain()
    for low, high in some:
        joined = join(chain, low, hashes[low - 1 : high + 1])
        assert joined.broken == ()
        chain = joined.chain
    covered = {seq for low, high in some for seq in range(low, high + 1)}
    assert {seq for seq in range(1, LENGTH + 1) if used_before(chain, seq)} == covered
    # What is kept grows with the gaps, not with the events.
    assert len(chain.edges) <= 2 * len(chain.ranges) + 1
    assert chain.breaks == 0


@given(st.integers(2, LENGTH - 1), st.permutations([0, 1]))
def test_two_journals_that_meet_contradict_each_other(cut: int, order: list[int]) -> None:
    honest, other = journal(0), journal(1)
    parts = [(1, honest[: cut + 1]), (cut + 1, other[cut:])]
    chain = DeviceChain()
    broken: tuple[int, ...] = ()
    for index in order:
        first, hashes = parts[index]
        joined = join(chain, first, hashes)
        chain, broken = joined.chain, broken + joined.broken
    assert broken == (cut,)
    assert chain.breaks == 1
    assert chain.ranges == ((1, LENGTH),)


def test_a_journal_begins_with_zeros() -> None:
    hashes = [b"x" * 32, *journal()[1:3]]
    assert join(DeviceChain(), 1, hashes).broken == (0,)


def test_a_frame_that_is_wholly_known_says_nothing_new() -> None:
    chain = join(DeviceChain(), 1, journal()).chain
    assert join(chain, 5, [b"x" * 32, b"y" * 32]).chain is chain


def test_an_overlap_is_compared_where_it_passes_an_end() -> None:
    chain = join(DeviceChain(), 1, journal()[:11]).chain
    assert join(chain, 5, journal()[4:16]).broken == ()
    assert join(chain, 5, journal(1)[4:16]).broken == (10,)


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


class TestInTheCloud:
    def test_a_journal_that_was_rewritten_is_seen_and_still_booked(self, cloud: Cloud) -> None:
        box = cloud.box()
        box.sells()
        cloud.book((box, box.frame()))
        box.hashes[1] = b"x" * 32
        box.sells()
        cloud.book((box, box.frame(2)))
        assert len(cloud.state.sales) == 2
        (item,) = cloud.state.repairs.values()
        assert (item.kind, item.code, item.seq) == ("chain", "W105", 2)
        assert cloud.state.chains[box.device, 7].breaks == 1

    def test_a_copied_disk_uses_a_sequence_twice(self, cloud: Cloud) -> None:
        box = cloud.box()
        copy = SimBox(box.tenant, box.store, box.device, box.legal_entity)
        box.sells()
        copy.sells()
        cloud.book((box, box.frame()))
        cloud.book((copy, copy.frame()))
        assert len(cloud.state.sales) == 2
        assert [item.code for item in cloud.state.repairs.values()] == ["W105"]

    def test_a_new_epoch_begins_anew(self, cloud: Cloud) -> None:
        box = cloud.box()
        restored = SimBox(box.tenant, box.store, box.device, box.legal_entity, epoch=8)
        box.sells()
        restored.sells()
        cloud.book((box, box.frame()), (restored, restored.frame()))
        assert cloud.state.repairs == {}
        assert len(cloud.state.sales) == 2

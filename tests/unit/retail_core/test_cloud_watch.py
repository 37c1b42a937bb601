"""A box waits when, and only when, nobody books its shard's sales."""

from hypothesis import given
from hypothesis import strategies as st

from retail_core.sync.cloud_watch import COMPANY_TAIL, SHARD_TAIL, WORKER_TAIL, CloudWatch
from retail_core.wire.messages import WIRE_VERSION, CloudPresence

A, B = b"a" * 16, b"b" * 16


def said(boot: bytes, *, up: bool = True) -> CloudPresence:
    return CloudPresence(WIRE_VERSION, up=up, boot_id=boot)


def heard(*messages: tuple[str, CloudPresence]) -> tuple[bool, int]:
    """Return whether the cloud is up in the end, and how often it has to be greeted."""
    watch, greetings = CloudWatch(), 0
    for tail, one in messages:
        before, watch = watch, watch.heard(tail, one)
        greetings += watch.changed_hands(before)
    return watch.up, greetings


def test_nothing_heard_means_up() -> None:
    assert heard() == (True, 0)


def test_an_older_cloud_says_it_of_the_company() -> None:
    assert heard((COMPANY_TAIL, said(A))) == (True, 0)
    assert heard((COMPANY_TAIL, said(A)), (COMPANY_TAIL, said(A, up=False))) == (False, 0)
    assert heard((COMPANY_TAIL, said(A)), (COMPANY_TAIL, said(B))) == (True, 1)


def test_a_dead_worker_stops_its_own_shards_alone() -> None:
    death = (WORKER_TAIL, said(A, up=False))
    assert heard((SHARD_TAIL, said(A)), death) == (False, 0)
    assert heard((SHARD_TAIL, said(B)), death) == (True, 0)
    assert heard((SHARD_TAIL, said(A)), death, (SHARD_TAIL, said(B))) == (True, 1)


def test_a_worker_that_was_only_cut_off_comes_back_without_a_greeting() -> None:
    back = (WORKER_TAIL, said(A, up=False)), (WORKER_TAIL, said(A))
    assert heard((SHARD_TAIL, said(A)), *back) == (True, 0)


def test_the_companys_word_is_nothing_beside_the_shards() -> None:
    shard = (SHARD_TAIL, said(A))
    assert heard(shard, (COMPANY_TAIL, said(B, up=False))) == (True, 0)
    assert heard((COMPANY_TAIL, said(B)), shard, (COMPANY_TAIL, said(B))) == (True, 0)
    assert heard((COMPANY_TAIL, said(A)), (SHARD_TAIL, said(A, up=False))) == (False, 0)


def test_a_hello_that_nobody_heard_is_said_again() -> None:
    down = (SHARD_TAIL, said(A, up=False))
    assert heard(down, (SHARD_TAIL, said(B))) == (True, 1)
    assert heard((SHARD_TAIL, said(A)), down, (SHARD_TAIL, said(A))) == (True, 0)


_MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([COMPANY_TAIL, SHARD_TAIL, WORKER_TAIL]),
        st.builds(said, st.integers(0, 99).map(lambda n: bytes([n]) * 16), up=st.booleans()),
    ),
    max_size=200,
)


@given(_MESSAGES, st.binary(min_size=16, max_size=16))
def test_whatever_was_said_a_live_owner_ends_the_waiting(
    messages: list[tuple[str, CloudPresence]], boot: bytes
) -> None:
    watch = CloudWatch()
    for tail, one in messages:
        watch = watch.heard(tail, one)
    watch = watch.heard(WORKER_TAIL, said(boot)).heard(SHARD_TAIL, said(boot))
    assert watch.up
    assert watch.served_by == boot
    assert len(watch.gone) <= 64

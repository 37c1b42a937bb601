"""However workers come and go, all shards are soon worked, fairly, and then nothing moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.shard_plan import free_slots, share_of


def turn(token: int, tokens: list[int], owners: dict[int, int]) -> bool:
    """Let a worker act on its plan; return whether anything moved."""
    share = share_of(token, tokens, owners)
    mine = {shard for shard, owner in owners.items() if owner == token}
    for shard in mine - share.keep:
        del owners[shard]
    for shard in share.take:
        assert shard not in owners
        owners[shard] = token
    return bool(share.take) or mine != share.keep


@given(
    st.lists(st.integers(1, 1_000), min_size=1, max_size=16, unique=True),
    st.dictionaries(st.integers(0, 63), st.integers(0, 15)),
)
def test_two_turns_of_each_make_it_fair(tokens: list[int], held: dict[int, int]) -> None:
    owners = {shard: tokens[place % len(tokens)] for shard, place in held.items()}
    for _ in range(2):
        for token in tokens:
            turn(token, tokens, owners)
    counts = [sum(owner == token for owner in owners.values()) for token in tokens]
    assert sum(counts) == 64
    assert max(counts) - min(counts) <= 1
    assert not any(turn(token, tokens, owners) for token in tokens)


def test_one_that_joins_gets_neighbours() -> None:
    owners = dict.fromkeys(range(64), 1)
    assert share_of(1, [1, 2], owners).keep == frozenset(range(32))
    owners = dict.fromkeys(range(32), 1)
    assert share_of(2, [1, 2], owners).take == frozenset(range(32, 64))


def test_who_has_no_seat_has_no_share() -> None:
    with pytest.raises(ValueError, match="not in list"):
        share_of(3, [1, 2], {})


def test_slots_go_round() -> None:
    assert free_slots(0, ()) == tuple(range(16))
    assert free_slots(30, {15})[:2] == (14, 0)
    assert free_slots(1, range(16)) == ()

"""When a connection plans its statements anew: often while young, rarely later, never too late."""

from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.adapters.postgres.unit_of_work import planned_too_long_ago


def test_a_young_connection_plans_often_and_an_old_one_rarely() -> None:
    anew = [begun for begun in range(1, 5_000) if planned_too_long_ago(begun)]
    assert anew == [2**power for power in range(13)]


@given(st.integers(1, 10**9))
def test_no_plan_is_older_than_half_of_what_its_connection_has_done(begun: int) -> None:
    newest = next(at for at in range(begun.bit_length(), -1, -1) if 2**at <= begun)
    assert planned_too_long_ago(2**newest)
    assert begun - 2**newest <= begun / 2

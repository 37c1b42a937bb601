"""The law of the broker: whatever is pulled, renumbered or switched off, no device is swapped."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tools.bench.bench_till.twins import WAYS, Score, Way, simulate


@settings(max_examples=40)
@given(seed=st.integers(0, 1 << 32), way=st.sampled_from(WAYS))
def test_no_device_is_ever_taken_for_its_twin(seed: int, way: Way) -> None:
    score = simulate(seed, way, steps=6)
    assert score.swaps == 0
    assert score.asked == score.right + score.refused


def test_the_simulation_finds_swaps_where_the_socket_is_believed_wrongly() -> None:
    score = sum((simulate(seed, "by socket", careless=True) for seed in range(8)), Score())
    assert score.swaps > 0


def test_a_serial_number_is_right_whenever_the_device_is_there() -> None:
    score = simulate(1, "serial")
    assert score.right > 0

"""The window of a frame: halved by what is sent again, doubled by what is answered."""

from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.sync.ranges import covers, within
from retail_core.sync.window import FrameWindow

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=4).map(
    lambda pairs: [(low, low + more) for low, more in pairs]
)


@given(st.lists(st.booleans(), max_size=60))
def test_a_window_stays_within_its_bounds_and_opens_again(fates: list[bool]) -> None:
    window = FrameWindow()
    for good in fates:
        window = window.wider() if good else window.narrower()
        assert limits.FRAME_ZSTD_FROM_EVENTS <= window.events <= limits.FRAME_EVENTS_MAX
        assert limits.FRAME_BYTES_FEW <= window.bytes <= limits.FRAME_BYTES_MAX
    for _ in range(8):
        window = window.wider()
    assert window == FrameWindow()


@given(st.frozensets(st.integers(0, 80), max_size=40), SPANS)
def test_what_lies_within_ranges_is_what_they_cover(
    held: frozenset[int], spans: list[tuple[int, int]]
) -> None:
    assert set(within(held, spans)) == {seq for seq in held if covers(spans, seq)}

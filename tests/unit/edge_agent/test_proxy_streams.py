"""A short run of the bench: random streams, and a reader that dies at random."""

from tools.bench.bench_till.streams import default_profile, pass_streams

STREAMS = 150


def test_no_byte_is_lost_added_or_moved_while_the_reader_dies() -> None:
    passed = pass_streams(STREAMS, default_profile())
    assert (passed.streams, passed.wrong) == (STREAMS, 0)
    assert passed.crashes > 0
    assert passed.answers > 0

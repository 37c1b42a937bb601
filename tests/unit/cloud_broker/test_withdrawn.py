"""What counts as withdrawn, against the rule said in the plainest way."""

from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.withdrawn import Word, withdrawn_ms

WORDS = st.lists(st.builds(Word, st.booleans(), st.integers(1, 5), st.integers(1, 5)), max_size=7)


def test_nothing_said_or_only_yes_withdraws_nothing() -> None:
    assert withdrawn_ms([]) == 0
    assert withdrawn_ms([Word(given=True, wall_ms=5, received=1)]) == 0


def test_a_later_yes_revives_by_both_clocks_alone() -> None:
    no = Word(given=False, wall_ms=10, received=10)
    assert withdrawn_ms([no]) == 10
    assert withdrawn_ms([no, Word(given=True, wall_ms=11, received=11)]) == 0
    # A shop that was offline: her yes is older than her no, but it comes later.
    assert withdrawn_ms([no, Word(given=True, wall_ms=9, received=99)]) == 10
    # A box whose clock runs ahead: its yes came before her no, which is therefore as late.
    assert withdrawn_ms([no, Word(given=True, wall_ms=50, received=9)]) == 50


@given(WORDS)
def test_the_order_in_which_words_are_read_does_not_matter(words: list[Word]) -> None:
    assert withdrawn_ms(words) == withdrawn_ms(words[::-1])


@given(WORDS)
def test_a_no_that_is_last_by_both_clocks_always_holds(words: list[Word]) -> None:
    assert withdrawn_ms([*words, Word(given=False, wall_ms=6, received=6)]) == 6


@given(WORDS)
def test_what_is_withdrawn_is_never_before_a_no_that_stands(words: list[Word]) -> None:
    held = withdrawn_ms(words)
    standing = [
        no.wall_ms
        for no in words
        if not no.given
        and all(
            not one.given or one.wall_ms <= no.wall_ms or one.received < no.received
            for one in words
        )
    ]
    assert held >= max(standing, default=0)
    assert (held > 0) == bool(standing)

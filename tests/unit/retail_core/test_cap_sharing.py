"""Who counts a store's caps of a day: words a box hears, what the cloud enters, even parts."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.loyalty import lease_box
from retail_core.loyalty.cap_sharing import (
    COUNTS_ALONE,
    END,
    NEVER_TOLD,
    UNHEARD,
    CapDays,
    CapStand,
    Word,
    cap_right,
    heard,
    level,
    said,
    shared_from,
    told,
    wish_for,
)
from retail_core.loyalty.leases import RightKind
from tests.factories.wire import uid

TODAY, TOMORROW, LATER = 20260731, 20260801, 20260805
SHARING = CapDays(1, ((TOMORROW, END),))


class TestTheBox:
    def test_days_are_shared_from_their_first_to_their_last(self) -> None:
        days = CapDays(3, ((TODAY, TOMORROW),))
        assert [days.shares(day) for day in (20260730, TODAY, TOMORROW, 20260802)] == [
            False,
            True,
            True,
            False,
        ]
        assert days.shares_from == 0
        assert SHARING.shares_from == TOMORROW

    def test_an_empty_card_shares_until_it_is_told(self) -> None:
        assert NEVER_TOLD.shares(TODAY)
        assert not COUNTS_ALONE.shares(TODAY)
        assert heard(NEVER_TOLD, Word(1, alone_from=TODAY), TOMORROW) == CapDays(
            1, ((1, TODAY - 1),)
        )

    def test_sharing_begins_on_a_day_that_has_not_begun(self) -> None:
        assert heard(COUNTS_ALONE, Word(1, share_from=1), TOMORROW) == SHARING
        assert not SHARING.shares(TODAY)
        assert heard(COUNTS_ALONE, Word(1, share_from=LATER), TOMORROW).shares_from == LATER

    def test_without_a_clock_the_word_waits_to_be_told_again(self) -> None:
        assert heard(COUNTS_ALONE, Word(1, share_from=1), None) == COUNTS_ALONE
        assert heard(COUNTS_ALONE, Word(1, share_from=LATER), None).shares_from == LATER

    def test_who_shares_already_goes_on_from_the_same_day(self) -> None:
        assert heard(SHARING, Word(2, share_from=1), None) == replace(SHARING, word=2)
        assert heard(SHARING, Word(2, share_from=1), LATER) == replace(SHARING, word=2)

    @pytest.mark.parametrize("number", [0, 1])
    def test_an_older_word_changes_nothing(self, number: int) -> None:
        assert heard(SHARING, Word(number, alone_from=TODAY), LATER) == SHARING

    def test_counting_alone_ends_what_is_shared_before_that_day(self) -> None:
        alone = heard(SHARING, Word(2, alone_from=LATER), None)
        assert alone == CapDays(2, ((TOMORROW, LATER - 1),))
        assert alone.shares(20260804)
        assert not alone.shares(LATER)
        assert heard(SHARING, Word(2, alone_from=TOMORROW), None) == CapDays(2, ())

    def test_what_was_shared_once_stays_told_beside_what_comes(self) -> None:
        alone = heard(SHARING, Word(2, alone_from=LATER), None)
        again = heard(alone, Word(3, share_from=1), 20260810)
        assert again == CapDays(3, ((TOMORROW, LATER - 1), (20260810, END)))
        assert not again.shares(LATER)

    def test_only_a_boot_that_was_let_in_counts_alone(self) -> None:
        state = lease_box.BoxLeases(uid(9), caps=SHARING)
        alone = Word(2, alone_from=LATER)
        assert lease_box.caps_told(state, alone, None, own=False) is state
        assert lease_box.caps_told(state, alone, None, own=True).caps == heard(SHARING, alone, None)
        share = Word(2, share_from=1)
        assert lease_box.caps_told(state, share, None, own=False).caps.word == 2
        assert lease_box.caps_told(state, Word(1, share_from=1), LATER, own=True) is state


class TestTheCloud:
    def test_a_second_box_asks_for_sharing_and_one_alone_for_none(self) -> None:
        assert wish_for(UNHEARD, 1, TODAY) is None
        assert wish_for(UNHEARD, 2, TODAY) == Word(1, share_from=1)
        assert wish_for(CapStand(1, 1, TOMORROW, TOMORROW), 2, TODAY) is None
        assert wish_for(CapStand(1, 1, TOMORROW, TOMORROW), 1, LATER) == Word(2, alone_from=LATER)

    def test_who_was_told_and_has_not_heard_is_told_again(self) -> None:
        assert wish_for(CapStand(word=2, heard=1), 1, LATER) == Word(3, alone_from=LATER)
        reminded = CapStand(word=2, heard=2, agreed=TOMORROW)
        assert wish_for(reminded, 2, LATER) == Word(3, share_from=TOMORROW)

    def test_what_a_box_says_of_the_last_word_counts(self) -> None:
        stand = told(UNHEARD, Word(1, share_from=1))
        assert stand == CapStand(word=1)
        assert said(stand, 0, LATER) == CapStand(word=1, heard=0)
        assert said(stand, 1, TOMORROW) == CapStand(1, 1, TOMORROW, TOMORROW)
        assert said(CapStand(1, 1, TOMORROW, TOMORROW), 1, 0) == CapStand(1, 1, 0, TOMORROW)

    def test_who_was_told_to_count_alone_may_do_so_at_once(self) -> None:
        sharing = CapStand(1, 1, TOMORROW, TOMORROW)
        assert told(sharing, Word(2, alone_from=LATER)) == CapStand(word=2, heard=1)
        assert told(sharing, Word(2, share_from=1)) == CapStand(2, 1, TOMORROW, TOMORROW)

    def test_parts_are_lent_from_the_last_boxs_first_day(self) -> None:
        one, two = CapStand(1, 1, TOMORROW, TOMORROW), CapStand(1, 1, LATER, LATER)
        assert shared_from([one, two]) == LATER
        assert shared_from([one]) is None
        assert shared_from([one, UNHEARD]) is None
        assert shared_from([]) is None


class TestTheRight:
    def test_each_rule_store_and_day_has_a_right_of_its_own(self) -> None:
        first = cap_right(uid(1), uid(2), "a", TODAY)
        assert first.kind is RightKind.BUDGET
        others = {
            cap_right(uid(1), uid(2), "a", TODAY).id,
            cap_right(uid(3), uid(2), "a", TODAY).id,
            cap_right(uid(1), uid(3), "a", TODAY).id,
            cap_right(uid(1), uid(2), "b", TODAY).id,
            cap_right(uid(1), uid(2), "a", TOMORROW).id,
        }
        assert len(others) == 5
        assert first.id in others

    @pytest.mark.parametrize(
        ("free", "held", "lend", "ask"),
        [
            (10, {1: 0, 2: 0}, {1: 5, 2: 5}, []),
            (11, {1: 0, 2: 0}, {1: 6, 2: 5}, []),
            (4, {1: 6, 2: 0}, {2: 4}, [1]),
            (0, {1: 6, 2: 4}, {}, []),
            (0, {1: 10, 2: 0}, {}, [1]),
            (0, {1: 1, 2: 0}, {}, []),
            (0, {1: 2, 2: 0}, {}, [1]),
            (3, {1: 9, 2: 0}, {2: 3}, [1]),
            (5, {}, {}, []),
        ],
    )
    def test_what_is_free_goes_to_who_has_less_than_half_a_part(
        self, free: int, held: dict[int, int], lend: dict[int, int], ask: list[int]
    ) -> None:
        found = level(free, {uid(box): points for box, points in held.items()})
        assert dict(found.lend) == {uid(box): points for box, points in lend.items()}
        assert found.ask == tuple(uid(box) for box in ask)

    @given(
        st.integers(0, 500),
        st.dictionaries(st.integers(1, 9).map(uid), st.integers(0, 100), max_size=6),
    )
    def test_no_more_is_lent_than_is_free_and_nobody_passes_her_part(
        self, free: int, held: Mapping[UUID, int]
    ) -> None:
        found = level(free, held)
        assert sum(points for _, points in found.lend) <= free
        part = -(-(free + sum(held.values())) // max(1, len(held)))
        assert all(0 < points <= part - held[box] for box, points in found.lend)
        assert not set(found.ask) & {box for box, _ in found.lend}

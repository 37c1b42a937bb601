"""A stay in the zone, in every order of things that can happen at a counter."""

from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_agent.domain.walk_up import AGAIN_MS, AWAY_MS, FRAMES_A_STAY, VISIT_MS, Stay

ALICE, BOB = UUID(int=1), UUID(int=2)
MEMBERS = st.sampled_from((ALICE, BOB))


def test_a_stranger_is_read_for_so_many_frames_and_then_not_until_she_has_left() -> None:
    stay = Stay()
    stay.looked(1, 0)
    for _ in range(FRAMES_A_STAY):
        assert stay.may_match(1, 0)
        stay.computed()
    assert not stay.may_match(1, 60_000)
    stay.looked(0, 60_000 + AWAY_MS - 1)
    stay.looked(1, 60_000 + AWAY_MS)
    assert stay.looked(0, 60_000 + 2 * AWAY_MS) is None
    assert stay.may_match(1, 60_000 + 2 * AWAY_MS), "the zone was empty meanwhile"


def test_two_in_the_zone_are_not_compared() -> None:
    stay = Stay()
    stay.looked(2, 0)
    assert not stay.may_match(2, 0)
    assert not stay.may_match(0, 0)


def test_who_walked_up_and_left_is_told_of_once_and_may_come_back() -> None:
    stay = Stay()
    stay.looked(1, 0)
    assert stay.recognised(ALICE, 0)
    assert stay.looked(0, AWAY_MS - 1) is None, "she only bent down"
    assert stay.looked(0, AWAY_MS) == ALICE
    assert stay.looked(0, 2 * AWAY_MS) is None
    stay.looked(1, 2 * AWAY_MS)
    assert stay.recognised(ALICE, 2 * AWAY_MS)


def test_whose_basket_is_open_has_not_left() -> None:
    stay = Stay()
    stay.looked(1, 0)
    stay.recognised(ALICE, 0)
    assert stay.looked(0, 10 * AWAY_MS, served=True) is None
    assert stay.member == ALICE


def test_who_has_paid_is_not_announced_while_she_packs() -> None:
    stay = Stay()
    stay.looked(1, 0)
    assert stay.recognised(ALICE, 0)
    stay.over(300_000)
    assert stay.may_match(1, 300_000), "the next may stand there already"
    assert not stay.recognised(ALICE, 300_001)
    assert not stay.may_match(1, 300_002), "and is not read again and again"
    stay.looked(0, 300_002 + AGAIN_MS)
    stay.looked(1, 300_002 + AGAIN_MS)
    assert stay.recognised(ALICE, 300_002 + AGAIN_MS)


def test_who_was_asked_for_is_served_until_it_is_over_or_forgotten() -> None:
    stay = Stay()
    stay.asked(BOB, 0)
    stay.looked(1, 1)
    assert not stay.may_match(1, VISIT_MS)
    assert not stay.recognised(ALICE, 1)
    assert stay.looked(0, VISIT_MS) is None, "nobody takes from the screen who was asked for"
    assert stay.may_match(1, VISIT_MS + 1)


class Zone(RuleBasedStateMachine):
    """Looks, recognitions and a counter at work, beside a plain account of them."""

    @initialize()
    def begin(self) -> None:
        self.stay, self.now = Stay(), 0.0
        self.empty_since: float | None = 0.0
        self.announced: list[UUID] = []
        self.computed = 0
        self.on_screen: UUID | None = None
        self.over_at: dict[UUID, float] = {}

    @rule(ms=st.sampled_from((40, 400, 5_000, AWAY_MS, AGAIN_MS, VISIT_MS)))
    def passes(self, ms: int) -> None:
        self.now += ms

    @rule(faces=st.integers(0, 3), served=st.booleans())
    def looks(self, faces: int, served: bool) -> None:  # noqa: FBT001 - hypothesis fills it
        left = self.stay.looked(faces, self.now, served=served)
        if left is not None:
            assert not served
            assert left == self.on_screen
            self.on_screen = None
        if faces:
            self.empty_since = None
        elif self.empty_since is None:
            self.empty_since = self.now
        if self.stay.may_match(faces, self.now):
            assert faces == 1
            self.stay.computed()
            self.computed += 1
        if self.stay.member is None:
            # A visit that nobody ended is over by itself.
            self.on_screen = None

    @rule(member=MEMBERS)
    def votes(self, member: UUID) -> None:
        """A vote ends: the screen is told only when nobody stands on it."""
        if self.stay.recognised(member, self.now):
            assert self.on_screen is None
            assert self.now - self.over_at.get(member, -AGAIN_MS) >= AGAIN_MS
            self.on_screen = member
            assert not self.stay.may_match(1, self.now)
            assert not self.stay.recognised(member, self.now)

    @rule(member=MEMBERS)
    def asks(self, member: UUID) -> None:
        self.stay.asked(member, self.now)
        self.on_screen = member
        assert not self.stay.may_match(1, self.now)

    @rule()
    def pays(self) -> None:
        if self.stay.member is not None:
            self.over_at[self.stay.member] = self.now
        self.stay.over(self.now)
        self.computed, self.on_screen = 0, None

    @invariant()
    def nobody_is_read_without_end(self) -> None:
        if self.empty_since is None and self.now < AWAY_MS:
            assert self.computed <= FRAMES_A_STAY


TestZone = Zone.TestCase
TestZone.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

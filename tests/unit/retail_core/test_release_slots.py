"""Whatever happens to a box's two slots, what is started next has proved itself or is on trial."""

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from retail_core.fleet import slots as s
from retail_core.fleet.slots import FACTORY, NAMES, STARTS_MAX, Slot, Slots, Stage
from retail_core.texts.faults import FaultCode


class Box(RuleBasedStateMachine):
    """A box to which releases are given, which is killed, and whose card rots."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots()
        self.next = 1
        self.rotted = False
        self.started = {FACTORY}
        self.floor = 0

    def at(self, stage: Stage) -> bool:
        return any(self.slots.slot(one).stage is stage for one in NAMES)

    @precondition(lambda self: self.slots.trying is None)
    @rule(again=st.booleans(), older=st.booleans())
    def fill(self, *, again: bool, older: bool) -> None:
        number = max(1, self.next - 2) if older else self.next
        if s.refusal(self.slots, number) is not None:
            assert number in self.slots.bad or number < self.slots.number
            return
        active = self.slots.slot(self.slots.active)
        self.slots = s.fill(self.slots, number, f"{number}.0")
        self.next += not again
        assert self.slots.slot(self.slots.active) == active, "what is started is never overwritten"

    @precondition(lambda self: self.at(Stage.FILLING))
    @rule()
    def whole(self) -> None:
        self.slots = s.filled(self.slots, "sum")

    @rule()
    def not_wanted_any_more(self) -> None:
        self.slots = s.emptied(self.slots)
        assert not self.at(Stage.FILLING)
        assert not self.at(Stage.READY)

    @precondition(lambda self: self.at(Stage.READY) and self.slots.trying is None)
    @rule()
    def switch(self) -> None:
        self.slots = s.switch(self.slots)

    @rule()
    def start(self) -> None:
        trial, starts = self.slots.trying, self.slots.starts
        self.slots, name = s.boot(self.slots)
        if trial is not None and starts >= STARTS_MAX:
            assert name == self.slots.active
            assert self.slots.slot(trial).code == FaultCode.RELEASE_STARTS
        assert name in {self.slots.active, self.slots.trying}
        self.started.add(name)

    @precondition(lambda self: self.slots.trying is not None)
    @rule()
    def came_up(self) -> None:
        self.slots = s.came_up(self.slots)

    @precondition(lambda self: self.slots.trying is not None)
    @rule()
    def proved(self) -> None:
        former = self.slots.active
        self.slots = s.proved(self.slots)
        assert self.slots.before == former
        assert self.slots.number >= self.floor, "no downgrade but by a way back"
        self.floor = self.slots.number

    @precondition(lambda self: self.slots.trying is not None)
    @rule()
    def failed(self) -> None:
        active, number = self.slots.active, self.slots.slot(str(self.slots.trying)).number
        self.slots = s.failed(self.slots, "F245")
        assert self.slots.active == active
        assert s.refusal(self.slots, number) is s.Refusal.WAS_BAD

    @precondition(lambda self: self.slots.trying is not None or s.can_go_back(self.slots))
    @rule()
    def back(self) -> None:
        trial, former = self.slots.trying, self.slots.before
        self.slots = s.back(self.slots, "F259")
        if trial is None:
            assert self.slots.active == former
            assert not s.can_go_back(self.slots), "one step, never two"
        self.floor = self.slots.number

    @rule(name=st.sampled_from(NAMES))
    def card_rots(self, name: str) -> None:
        self.slots = s.broken(self.slots, name)
        self.rotted = True
        self.floor = self.slots.number

    @invariant()
    def what_is_active_has_proved_itself(self) -> None:
        assert self.slots.active == FACTORY or (
            self.slots.slot(self.slots.active).stage is Stage.GOOD
        )
        assert self.slots.slot(self.slots.active).stage is Stage.GOOD

    @invariant()
    def at_most_one_is_tried_and_it_is_not_the_active_one(self) -> None:
        trying = [one for one in NAMES if self.slots.slot(one).stage is Stage.TRYING]
        assert len(trying) <= 1
        assert self.slots.active not in trying
        assert self.slots.starts <= STARTS_MAX

    @invariant()
    def at_most_one_is_on_its_way(self) -> None:
        on_its_way = {Stage.FILLING, Stage.READY}
        assert sum(self.slots.slot(one).stage in on_its_way for one in NAMES) <= 1

    @invariant()
    def both_bad_only_by_the_card(self) -> None:
        both = all(self.slots.slot(one).stage is Stage.BAD for one in NAMES)
        assert not both or self.rotted
        assert not both or self.slots.active == FACTORY


TestBox = Box.TestCase
TestBox.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def tried(slots: Slots, number: int) -> Slots:
    return s.switch(s.filled(s.fill(slots, number, f"{number}.0"), "sum"))


def test_a_release_that_never_comes_up_is_left_after_three_starts() -> None:
    good = s.proved(tried(Slots(), 1))
    slots = tried(good, 2)
    for _ in range(STARTS_MAX):
        slots, name = s.boot(slots)
        assert slots.slot(name).number == 2
    slots, name = s.boot(slots)
    assert (slots.slot(name).number, name, slots.bad) == (1, "a", (2,))
    assert s.boot(slots) == (slots, "a")


def test_a_start_that_went_well_does_not_count() -> None:
    slots = tried(Slots(), 1)
    for _ in range(3 * STARTS_MAX):
        slots, name = s.boot(slots)
        assert name == "a"
        slots = s.came_up(slots)


def test_older_only_where_ours_is_withdrawn() -> None:
    slots = s.proved(tried(s.proved(tried(Slots(), 1)), 5))
    assert s.refusal(slots, 4) is s.Refusal.OLDER
    assert s.refusal(slots, 4, withdrawn=True) is None
    assert s.refusal(slots, 5) is None


def test_back_to_what_the_installer_left_and_no_further() -> None:
    slots = s.back(s.proved(tried(Slots(), 3)), "F259")
    assert (slots.active, slots.number) == (FACTORY, 0)
    assert not s.can_go_back(slots)


def test_two_failures_from_the_factory_leave_a_slot_that_was_never_spoilt() -> None:
    slots = s.failed(tried(Slots(), 1), "F245")
    slots = s.failed(tried(slots, 2), "F245")
    assert {slots.a.stage, slots.b.stage} == {Stage.BAD, Stage.EMPTY}


def good_in_both() -> Slots:
    """Return a box whose release 2 is active in b, with release 1 beside it in a."""
    slots = Slots()
    for number in (1, 2):
        slots = s.filled(s.fill(slots, number, f"{number}.0"), f"sum{number}")
        slots, _ = s.boot(s.switch(slots))
        slots = s.proved(slots)
    return slots


def test_a_release_goes_through_the_slots_with_all_that_is_known_of_it() -> None:
    filling = s.fill(Slots(), 1, "1.0")
    assert filling == Slots(a=Slot(Stage.FILLING, 1, "1.0"))
    ready = s.filled(filling, "sum1")
    assert ready == Slots(a=Slot(Stage.READY, 1, "1.0", "sum1"))
    tried, started = s.boot(s.switch(ready))
    assert (tried, started) == (Slots(a=Slot(Stage.TRYING, 1, "1.0", "sum1"), starts=1), "a")
    good = s.proved(tried)
    assert good == Slots("a", Slot(Stage.GOOD, 1, "1.0", "sum1"), before=FACTORY)
    assert s.boot(good) == (good, "a")
    assert s.fill(good, 2, "2.0") == Slots(
        "a", good.a, Slot(Stage.FILLING, 2, "2.0"), before=FACTORY
    ), "the way back stays until it is overwritten"
    assert good_in_both() == Slots(
        "b", Slot(Stage.GOOD, 1, "1.0", "sum1"), Slot(Stage.GOOD, 2, "2.0", "sum2"), before="a"
    )


def test_what_failed_is_bad_and_what_broke_may_be_fetched_again() -> None:
    both = good_in_both()
    trial, _ = s.boot(s.switch(s.filled(s.fill(both, 3, "3.0"), "sum3")))
    assert (trial.before, trial.starts) == (None, 1), "what it goes back to is overwritten"
    given_up = s.failed(trial, "F245")
    assert given_up.a == Slot(Stage.BAD, 3, "3.0", "sum3", "F245")
    assert (given_up.bad, given_up.starts, given_up.active) == ((3,), 0, "b")
    rotten = s.broken(trial, "a")
    assert rotten.a == Slot(Stage.BAD, 3, "3.0", "sum3", FaultCode.RELEASE_BROKEN.value)
    assert (rotten.bad, rotten.starts, rotten.active) == ((), 0, "b")
    assert s.refusal(rotten, 3) is None


def test_whatever_still_is_whole_is_started() -> None:
    both = good_in_both()
    beside = s.broken(both, "a")
    assert (beside.active, beside.before) == ("b", None)
    active = s.broken(both, "b")
    assert (active.active, active.before, active.b.stage) == ("a", None, Stage.BAD)
    assert s.broken(active, "a").active == FACTORY


def test_one_step_back_and_what_is_left_is_bad() -> None:
    left = s.back(good_in_both(), "F259")
    assert (left.active, left.before, left.bad) == ("a", None, (2,))
    assert left.b == Slot(Stage.BAD, 2, "2.0", "sum2", "F259")
    with pytest.raises(ValueError, match="nothing to go back to"):
        s.back(left, "F259")


def test_a_trial_is_left_for_what_is_active() -> None:
    both = good_in_both()
    trial, _ = s.boot(s.switch(s.filled(s.fill(both, 3, "3.0"), "sum3")))
    left = s.back(trial, "F259")
    assert (left.active, left.bad, left.starts) == ("b", (3,), 0)
    assert left.a == Slot(Stage.BAD, 3, "3.0", "sum3", "F259")


def test_refusals() -> None:
    both = good_in_both()
    assert s.refusal(both, 2) is None
    assert s.refusal(both, 1) is s.Refusal.OLDER
    assert s.refusal(both, 1, withdrawn=True) is None
    left = s.back(both, "F259")
    assert s.refusal(left, 2, withdrawn=True) is s.Refusal.WAS_BAD


def test_the_last_bad_releases_are_remembered() -> None:
    slots = Slots()
    for number in range(1, s.BAD_KEPT + 3):
        trial, _ = s.boot(s.switch(s.filled(s.fill(slots, number, "x"), "sum")))
        slots = s.failed(trial, "F245")
    assert slots.bad == tuple(range(3, s.BAD_KEPT + 3))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (lambda slots: s.filled(slots, "sum"), "no slot is filling"),
        (s.switch, "no slot is ready"),
        (s.proved, "nothing is on trial"),
        (lambda slots: s.failed(slots, "F245"), "nothing is on trial"),
        (lambda slots: s.back(slots, "F245"), "nothing to go back to"),
    ],
)
def test_a_step_out_of_turn_is_a_programmers_mistake(
    step: Callable[[Slots], object], said: str
) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        step(Slots())
    trial, _ = s.boot(s.switch(s.filled(s.fill(Slots(), 1, "1.0"), "sum1")))
    with pytest.raises(ValueError, match=r"^a release is on trial$"):
        s.fill(trial, 2, "2.0")

"""Commands: who may give them, wave by wave, and which way each may go."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.fleet.commands import (
    ENDED,
    EXECUTING_MS_MAX,
    NEXT,
    WAVES_PERMILLE,
    CommandState,
    Order,
    OrderState,
    Standing,
    Verdict,
    alone_max,
    by_now,
    check_kind,
    goes_on,
    may,
    needs_second,
    wave_of,
)
from retail_core.fleet.fixups import FIXUPS
from retail_core.texts.faults import FaultCode

S = CommandState
ORDER = Order("running", 0, 4, 1_000, 500, 1, 100_000)
standing = st.builds(Standing, st.integers(0, 3), st.sampled_from(S))


class TestBlast:
    @given(st.integers(1, 5_000))
    def test_one_person_alone_never_reaches_the_chain(self, stores: int) -> None:
        alone = alone_max(stores)
        assert 1 <= alone <= 20
        assert stores == 1 or alone < stores
        assert needs_second(alone + 1, stores, dry=False)
        assert not needs_second(alone, stores, dry=False)
        assert not needs_second(stores, stores, dry=True)

    @given(st.integers(1, 3_000))
    def test_a_fleet_wide_order_starts_with_a_hundredth(self, boxes: int) -> None:
        waves = [wave_of(index, boxes) for index in range(boxes)]
        assert waves == sorted(waves)
        assert waves.count(0) == max(1, boxes // 100)
        assert waves[-1] < len(WAVES_PERMILLE)


class TestWaves:
    @given(st.lists(standing, min_size=1), st.integers(0, 200_000))
    def test_no_wave_opens_before_the_one_before_it_is_over_and_rested(
        self, commands: list[Standing], now_ms: int
    ) -> None:
        verdict = goes_on(ORDER, commands, now_ms)
        if verdict.wave > ORDER.wave:
            assert verdict.wave == min(one.wave for one in commands if one.wave > 0)
            assert now_ms >= ORDER.wave_ms + ORDER.pause_ms
            assert all(one.state in ENDED for one in commands if one.wave == 0)
        bad = sum(one.state in {S.FAILED, S.REFUSED} for one in commands)
        assert (verdict.state == "stopped") == (bad > ORDER.failures_max)

    @pytest.mark.parametrize("state", ["waiting", "paused", "stopped", "done"])
    def test_only_a_running_order_goes_on(self, state: OrderState) -> None:
        order = replace(ORDER, state=state)
        assert goes_on(order, [Standing(0, S.SUCCESSFUL)], 50_000).wave == 0

    def test_it_is_done_when_every_box_is(self) -> None:
        assert goes_on(ORDER, [Standing(0, S.EXPIRED), Standing(1, S.FAILED)], 1).state == "done"


class TestStates:
    @given(st.sampled_from(S), st.sampled_from(["waiting", "running", "paused", "stopped"]),
           st.integers(0, 3), st.integers(0, 2_000_000))  # fmt: skip
    def test_time_and_the_order_move_a_command_only_where_it_may_go(
        self, state: CommandState, goes: OrderState, wave: int, now_ms: int
    ) -> None:
        after = by_now(state, replace(ORDER, state=goes), wave, 0, now_ms)
        assert after is state or may(state, after)
        if state in ENDED:
            assert after is state

    def test_what_ran_out_cannot_begin_and_what_began_cannot_run_out(self) -> None:
        assert by_now(S.INIT, ORDER, 0, 0, ORDER.expires_ms) is S.EXPIRED
        assert S.EXECUTING not in NEXT.get(S.EXPIRED, frozenset())
        assert S.EXPIRED not in NEXT[S.EXECUTING]
        assert by_now(S.EXECUTING, ORDER, 0, 0, EXECUTING_MS_MAX) is S.EXECUTING
        assert by_now(S.EXECUTING, ORDER, 0, 0, EXECUTING_MS_MAX + 1) is S.FAILED

    @pytest.mark.parametrize(
        ("kind", "args", "said"),
        [
            ("format", {}, "format"),
            ("restart", {}, "restart"),
            ("restart", {"part": "/"}, "restart /"),
            ("restart", {"part": "p" * 41}, "restart " + "p" * 40),
            ("doctor", {"x": "y"}, "doctor"),
            ("mend", {"fixup": "money"}, "mend money"),
            ("mend", {"fixup": "f" * 41}, "mend " + "f" * 40),
        ],
    )
    def test_unknown_commands_and_arguments_are_refused(
        self, kind: str, args: dict[str, str], said: str
    ) -> None:
        with pytest.raises(Fault) as caught:
            check_kind(kind, args)
        assert caught.value.code is FaultCode.COMMAND_UNKNOWN
        assert caught.value.fields == {"kind": said}

    def test_what_a_box_can_do(self) -> None:
        for kind in ("doctor", "diag", "resync", "reload_twin", "rebirth", "logs"):
            check_kind(kind, {})
        for part in ("agent", "uplink"):
            check_kind("restart", {"part": part})
        for fixup in FIXUPS:
            check_kind("mend", {"fixup": fixup})


ENDS = 100_000


@pytest.mark.parametrize(
    ("order", "commands", "now_ms", "verdict"),
    [
        (ORDER, [(0, S.INIT), (1, S.HELD)], 2_000, Verdict("running", 0)),
        (ORDER, [(0, S.SUCCESSFUL), (1, S.HELD)], 1_499, Verdict("running", 0)),
        (ORDER, [(0, S.SUCCESSFUL), (1, S.HELD)], 1_500, Verdict("running", 1)),
        (ORDER, [(0, S.SUCCESSFUL), (3, S.HELD), (2, S.HELD)], 1_500, Verdict("running", 2)),
        (ORDER, [(0, S.SUCCESSFUL), (1, S.HELD)], ENDS, Verdict("running", 0)),
        (ORDER, [(0, S.FAILED), (1, S.HELD)], 1_500, Verdict("running", 1)),
        (ORDER, [(0, S.FAILED), (0, S.REFUSED), (1, S.HELD)], 1_500, Verdict("stopped", 0)),
        (ORDER, [(0, S.SUCCESSFUL), (1, S.EXPIRED)], 0, Verdict("done", 0)),
        (replace(ORDER, state="paused", wave=2), [(0, S.INIT)], 2_000, Verdict("paused", 2)),
    ],
)
def test_how_an_order_goes_on(
    order: Order, commands: list[tuple[int, CommandState]], now_ms: int, verdict: Verdict
) -> None:
    assert goes_on(order, [Standing(*one) for one in commands], now_ms) == verdict


@pytest.mark.parametrize("ended", sorted(ENDED))
def test_what_has_ended_changes_no_more(ended: CommandState) -> None:
    assert not any(may(ended, after) for after in CommandState)


@pytest.mark.parametrize(
    ("state", "order", "wave", "now_ms", "becomes"),
    [
        (S.HELD, ORDER, 0, 1_000, S.INIT),
        (S.HELD, ORDER, 1, 1_000, S.HELD),
        (S.HELD, replace(ORDER, wave=1), 1, 1_000, S.INIT),
        (S.HELD, replace(ORDER, state="paused"), 0, 1_000, S.HELD),
        (S.HELD, replace(ORDER, state="stopped"), 0, ENDS, S.STOPPED),
        (S.INIT, replace(ORDER, state="stopped"), 0, 1_000, S.STOPPED),
        (S.INIT, ORDER, 0, ENDS - 1, S.INIT),
        (S.INIT, ORDER, 0, ENDS, S.EXPIRED),
        (S.HELD, ORDER, 3, ENDS, S.EXPIRED),
        (S.EXECUTING, ORDER, 0, 500 + EXECUTING_MS_MAX, S.EXECUTING),
        (S.EXECUTING, ORDER, 0, 501 + EXECUTING_MS_MAX, S.FAILED),
        (S.EXECUTING, replace(ORDER, state="stopped"), 0, 600, S.EXECUTING),
        (S.SUCCESSFUL, replace(ORDER, state="stopped"), 0, ENDS, S.SUCCESSFUL),
        (S.FAILED, ORDER, 0, 501 + EXECUTING_MS_MAX, S.FAILED),
    ],
)
def test_what_time_and_the_order_make_of_a_command(
    state: CommandState, order: Order, wave: int, now_ms: int, becomes: CommandState
) -> None:
    assert by_now(state, order, wave, 500, now_ms) is becomes

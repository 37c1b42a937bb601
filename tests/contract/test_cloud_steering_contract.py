"""Twins and commands, on every store of the cloud: from HQ's desk to a whole box and back.

What a `TwinRepo` and an `OrderRepo` promise is shown by what a box asks over a `FleetLine` and
tries with a `LineProof`, and by what it hands in over an `ArchiveLine`; the real proof is tried in
`tests/integration/test_line_trials.py`.
"""

from collections.abc import Callable
from typing import cast

import pytest

from cloud_broker.ports.orders import OrderRow
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.archives import KEPT_MS
from cloud_broker.services.fleet.commands import Wish
from cloud_broker.services.fleet.said import box_said, order_said
from cloud_broker.services.fleet.twin import Change, Spot
from edge_agent.ports.fleet_line import ArchiveLine
from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.commands import EXECUTING_MS_MAX, CommandState
from retail_core.fleet.twin_settings import BROKER
from retail_core.texts.faults import FaultCode
from tests.factories.steering import ARCHIVE, Fleet
from tests.fakes.cloud_box import fresh_id

S = CommandState
CHAIN = Spot("chain")
NEW, BAD = "mqtt://new.example:1883", "mqtt://bad.example:1883"
HOUR_MS = 3_600_000


@pytest.fixture
def fleet(any_units: Units) -> Fleet:
    return Fleet(any_units)


def states(fleet: Fleet, order: OrderRow) -> list[str]:
    _, rows = fleet.orders.order(fleet.tenant, order.order_id)
    return [one.state.value for one in rows]


def code_of(call: Callable[..., object], *args: object, **kwargs: object) -> FaultCode:
    with pytest.raises(Fault) as caught:
        call(*args, **kwargs)
    return caught.value.code


class TestTwin:
    def test_a_store_inherits_and_says_otherwise(self, fleet: Fleet) -> None:
        (box,), (sim,) = fleet.boxes, fleet.sims
        spot = fleet.twins.spot(fleet.tenant, "region", "华东")
        fleet.twins.change(fleet.who(), CHAIN, Change({"language": "en", "presence.beat_s": 20}))
        fleet.twins.change(fleet.who(), spot, Change({"language": "zh"}, note="客诉"))
        fleet.twins.change(fleet.who(), Spot("device", sim.device), Change({"language": "en"}))
        assert fleet.nudged(sim) == 3
        box.settle()
        assert box.said() == {
            "language": ("at_start", None, ""),
            "presence.beat_s": ("applied", 20, ""),
        }
        (twin,) = fleet.twins.boxes(fleet.tenant, Spot("store", sim.store))
        assert [one.key for one in twin.apart] == ["language"]
        assert twin.wanted["language"].over == ("region", "chain")
        box.start()
        box.settle()
        (twin,) = fleet.twins.boxes(fleet.tenant, CHAIN)
        assert (twin.apart, twin.told and twin.told.version) == ((), 3)
        history = fleet.twins.history(fleet.tenant)
        assert [(one.layer.scope, one.layer.author) for one in history] == [
            ("device", "li"), ("region", "li"), ("chain", "li"),
        ]  # fmt: skip
        assert fleet.twins.history(fleet.tenant, spot)[0].layer.note == "客诉"

    def test_a_tills_setting_for_the_chain_leaves_boxes_without_that_till_alone(
        self, fleet: Fleet
    ) -> None:
        (box,), (sim,) = fleet.boxes, fleet.sims
        key, store = "tills.二号.port", Spot("store", sim.store)
        fleet.twins.change(fleet.who(), CHAIN, Change({key: "/dev/zero"}))
        box.settle()
        (twin,) = fleet.twins.boxes(fleet.tenant, CHAIN)
        assert (twin.apart, [one.key for one in twin.absent]) == ((), [key])
        said = cast("dict[str, dict[str, object]]", box_said(twin, every=False)["keys"])
        assert (said[key]["agrees"], said[key]["here"], said[key]["code"]) == (False, False, "G182")
        fleet.twins.change(fleet.who(), store, Change({key: "/dev/zero"}))
        box.settle()
        (twin,) = fleet.twins.boxes(fleet.tenant, store)
        assert ([one.key for one in twin.apart], twin.absent) == ([key], ()), "meant for this box"

    def test_a_value_that_a_box_cannot_use_is_refused_by_it_and_its_own_stays(
        self, fleet: Fleet
    ) -> None:
        (box,) = fleet.boxes
        put = {"camera.source": "ftp://x", "texts.slip": "周三双倍积分"}
        fleet.twins.change(fleet.who(), CHAIN, Change(put))
        box.settle()
        assert box.said() == {
            "camera.source": ("refused", None, "F132"),
            "texts.slip": ("at_start", None, ""),
        }
        box.start()
        box.settle()
        assert box.said()["texts.slip"] == ("applied", "周三双倍积分", "")

    def test_nothing_changed_is_no_version_and_two_persons_do_not_overwrite(
        self, fleet: Fleet
    ) -> None:
        first = fleet.twins.change(fleet.who(), CHAIN, Change({"language": "en"}))
        assert fleet.twins.change(fleet.who(), CHAIN, Change({"language": "en"})) == first
        fleet.twins.change(fleet.who(), CHAIN, Change({"language": "zh"}, base=first.version))
        late = Change({"language": "en"}, base=first.version)
        assert code_of(fleet.twins.change, fleet.who(), CHAIN, late) is (
            FaultCode.TWIN_CHANGED_MEANWHILE
        )
        assert code_of(fleet.twins.change, fleet.who(role="auditor"), CHAIN, late) is (
            FaultCode.API_SCOPE_MISSING
        )

    def test_a_lost_answer_is_asked_for_again(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        fleet.twins.change(fleet.who(), CHAIN, Change({"presence.beat_s": 20}))
        box.line.deaf = True
        with pytest.raises(Fault):
            box.settle()
        box.line.deaf = False
        box.settle()
        box.settle()
        assert box.said() == {"presence.beat_s": ("applied", 20, "")}

    def test_a_key_that_is_dropped_goes(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        heard: list[object] = []
        box.twin.apply_with("presence.beat_s", heard.append)
        fleet.twins.change(fleet.who(), CHAIN, Change({"presence.beat_s": 20}))
        box.settle()
        fleet.twins.change(fleet.who(), CHAIN, Change({}, frozenset({"presence.beat_s"})))
        box.settle()
        assert (heard, box.said()) == ([20, None], {})


class TestLine:
    def test_a_good_line_is_tried_switched_and_confirmed(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        box.proof.good, box.loud = {NEW}, {NEW}
        fleet.twins.change(fleet.who(), CHAIN, Change({BROKER: NEW}))
        box.settle()
        assert box.moves == [{BROKER: NEW}]
        (twin,) = fleet.twins.boxes(fleet.tenant, CHAIN)
        assert twin.apart == ()

    def test_a_bad_one_is_never_switched_to(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        fleet.twins.change(fleet.who(), CHAIN, Change({BROKER: BAD}))
        box.settle()
        box.start()
        box.settle()
        assert box.moves == []
        (twin,) = fleet.twins.boxes(fleet.tenant, CHAIN)
        assert [(one.key, one.told and one.told.code) for one in twin.apart] == [(BROKER, "F133")]

    def test_one_on_which_the_cloud_is_silent_is_left_again(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        box.proof.good = {NEW}
        fleet.twins.change(fleet.who(), CHAIN, Change({BROKER: NEW}))
        box.settle()
        assert box.moves == [{BROKER: NEW}, {}]
        assert box.said()[BROKER] == ("reverted", None, "F134")
        box.settle()
        assert len(box.moves) == 2

    def test_a_crash_amid_the_switch_goes_back_at_the_start(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        box.proof.good, box.dies = {NEW}, True
        fleet.twins.change(fleet.who(), CHAIN, Change({BROKER: NEW}))
        with pytest.raises(KeyboardInterrupt):
            box.settle()
        box.dies = False
        box.start()
        box.settle()
        assert box.said()[BROKER] == ("reverted", None, "F134")
        (twin,) = fleet.twins.boxes(fleet.tenant, CHAIN)
        assert [one.told and one.told.outcome for one in twin.apart] == ["reverted"]


class TestCommand:
    def test_it_is_done_once_and_its_end_is_known(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        order = fleet.orders.give(fleet.who(), Wish("doctor", CHAIN, {}, HOUR_MS, "看看"))
        assert states(fleet, order) == ["init"]
        box.settle()
        _, (row,) = fleet.orders.order(fleet.tenant, order.order_id)
        assert (box.did, row.state, row.detail) == (["act"], S.SUCCESSFUL, "done")
        fleet.keeper.tend(fleet.tenant)
        assert fleet.orders.overview(fleet.tenant)[1][0].order.goes.state == "done"

    def test_a_lost_answer_does_not_do_it_twice(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        order = fleet.orders.give(fleet.who(), Wish("doctor", CHAIN, {}, HOUR_MS))
        box.asking.ask()
        box.line.deaf = True
        with pytest.raises(Fault):
            box.asking.ask()
        assert (box.did, states(fleet, order)) == ([], ["executing"])
        box.line.deaf = False
        box.start()
        box.settle()
        assert (box.did, states(fleet, order)) == (["act"], ["successful"])

    def test_a_crash_amid_it_is_told_and_not_repeated(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        order = fleet.orders.give(fleet.who(), Wish("resync", CHAIN, {}, HOUR_MS))
        box.dies = True
        with pytest.raises(KeyboardInterrupt):
            box.settle()
        box.dies = False
        box.start()
        box.settle()
        _, (row,) = fleet.orders.order(fleet.tenant, order.order_id)
        assert (box.did, row.state, row.code) == (["act"], S.FAILED, "F139")

    def test_a_restart_succeeds_with_the_next_start(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        order = fleet.orders.give(fleet.who(), Wish("restart", CHAIN, {"part": "agent"}, HOUR_MS))
        box.settle()
        assert states(fleet, order) == ["executing"]
        box.start()
        box.settle()
        assert states(fleet, order) == ["successful"]

    def test_what_ran_out_while_the_box_was_away_never_begins(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        order = fleet.orders.give(fleet.who(), Wish("doctor", CHAIN, {}, HOUR_MS))
        box.asking.ask()
        fleet.clock.advance(HOUR_MS)
        box.settle()
        assert (box.did, states(fleet, order)) == ([], ["init"])
        fleet.keeper.tend(fleet.tenant)
        assert states(fleet, order) == ["expired"]

    def test_who_begins_and_falls_silent_has_failed(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        order = fleet.orders.give(fleet.who(), Wish("doctor", CHAIN, {}, HOUR_MS))
        box.dies = True
        with pytest.raises(KeyboardInterrupt):
            box.settle()
        fleet.clock.advance(EXECUTING_MS_MAX + 1)
        fleet.keeper.tend(fleet.tenant)
        _, (row,) = fleet.orders.order(fleet.tenant, order.order_id)
        assert (row.state, row.code) == (S.FAILED, "F141")

    def test_dry_runs_and_unknown_ones_do_nothing(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        dry = fleet.orders.give(fleet.who(), Wish("doctor", CHAIN, {}, HOUR_MS, dry=True))
        unknown = fleet.orders.give(fleet.who(), Wish("rebirth", CHAIN, {}, HOUR_MS))
        box.settle()
        assert (box.did, states(fleet, dry), states(fleet, unknown)) == (
            [], ["successful"], ["refused"],
        )  # fmt: skip
        assert code_of(fleet.orders.give, fleet.who(), Wish("format", CHAIN, {}, HOUR_MS)) is (
            FaultCode.COMMAND_UNKNOWN
        )

    def test_the_kill_switch_holds_what_has_not_begun(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        order = fleet.orders.give(fleet.who(), Wish("doctor", CHAIN, {}, HOUR_MS))
        box.asking.ask()
        fleet.orders.halt(fleet.who(), halted=True, why="出事了")
        box.settle()
        assert (box.did, states(fleet, order)) == ([], ["init"])
        fleet.orders.halt(fleet.who(), halted=False, why="")
        box.settle()
        assert (box.did, states(fleet, order)) == (["act"], ["successful"])


class TestArchives:
    def test_what_was_asked_for_is_kept_for_who_may_and_for_a_while(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        order = fleet.orders.give(fleet.who(), Wish("diag", CHAIN, {}, HOUR_MS))
        box.settle()
        _, (row,) = fleet.orders.order(fleet.tenant, order.order_id)
        assert (row.state, row.detail, row.archive_bytes) == (
            S.SUCCESSFUL,
            "collected",
            len(ARCHIVE),
        )
        taken = (order.order_id, row.command_id)
        assert fleet.archives.open(fleet.who("fei", "technician"), *taken) == ARCHIVE
        audited = fleet.orders.trail(fleet.tenant, order.order_id)
        assert (audited[0].entry.actor, audited[0].entry.action) == (
            "fei", "command.archive",
        )  # fmt: skip
        for role in ("auditor", "marketing", "store"):
            assert code_of(fleet.archives.open, fleet.who("x", role), *taken) is (
                FaultCode.API_SCOPE_MISSING
            )
        elsewhere = (fresh_id(), row.command_id)
        assert code_of(fleet.archives.open, fleet.who(), *elsewhere) is FaultCode.API_NOT_FOUND
        fleet.clock.advance(KEPT_MS + 1)
        fleet.orders.give(fleet.who(), Wish("diag", CHAIN, {}, HOUR_MS))
        box.settle()
        assert code_of(fleet.archives.open, fleet.who(), *taken) is FaultCode.API_NOT_FOUND

    def test_nothing_is_taken_that_nobody_asked_for(self, fleet: Fleet) -> None:
        (box,) = fleet.boxes
        line: ArchiveLine = box.line
        assert code_of(line.hand_in, ARCHIVE) is FaultCode.SYNC_LINK_DOWN
        order = fleet.orders.give(fleet.who(), Wish("diag", CHAIN, {}, HOUR_MS))
        box.settle()
        assert code_of(line.hand_in, ARCHIVE) is FaultCode.SYNC_LINK_DOWN
        assert states(fleet, order) == ["successful"]

    def test_what_is_no_archive_or_too_long_is_refused(self, fleet: Fleet) -> None:
        place = fleet.boxes[0].line.place
        for content, code in (
            (b"{}", FaultCode.API_BODY_INVALID),
            (ARCHIVE[:2] + bytes(limits.ARCHIVE_BYTES_MAX), FaultCode.API_BODY_TOO_LARGE),
        ):
            assert code_of(fleet.archives.take, fleet.tenant, place, content) is code


class TestMass:
    def test_it_waits_for_a_second_person_and_starts_with_one_store(self, any_units: Units) -> None:
        fleet = Fleet(any_units, stores=12)
        order = fleet.orders.give(fleet.who(), Wish("resync", CHAIN, {}, HOUR_MS, pause_ms=1_000))
        assert set(states(fleet, order)) == {"held"}
        assert code_of(fleet.orders.agree, fleet.who(), order.order_id) is (
            FaultCode.COMMAND_OWN_SECOND
        )
        assert order_said(order)["wave"] == "1/3", "of the waves that have boxes"
        fleet.orders.agree(fleet.who("wang"), order.order_id)
        opened = []
        for _ in range(6):
            for box in fleet.boxes:
                box.settle()
            fleet.clock.advance(1_000)
            fleet.keeper.tend(fleet.tenant)
            fleet.keeper.tend(fleet.tenant)
            opened.append(sum(len(box.did) for box in fleet.boxes))
        assert opened == [1, 6, 12, 12, 12, 12]
        assert set(states(fleet, order)) == {"successful"}

    def test_it_stops_by_itself_where_boxes_fail(self, any_units: Units) -> None:
        fleet = Fleet(any_units, stores=12)
        wish = Wish("resync", CHAIN, {}, HOUR_MS, pause_ms=0, failures_max=0)
        order = fleet.orders.give(fleet.who(), wish)
        fleet.orders.agree(fleet.who("wang"), order.order_id)
        for box in fleet.boxes:
            box.breaks = True
            box.settle()
        fleet.keeper.tend(fleet.tenant)
        assert sorted(set(states(fleet, order))) == ["failed", "stopped"]
        assert states(fleet, order).count("failed") == 1

    def test_it_is_paused_and_stopped(self, any_units: Units) -> None:
        fleet = Fleet(any_units, stores=2)
        wish = Wish("resync", Spot("store", fleet.sims[0].store), {}, HOUR_MS)
        order = fleet.orders.give(fleet.who(), wish)
        fleet.orders.steer(fleet.who(), order.order_id, "paused")
        fleet.boxes[0].settle()
        assert (fleet.boxes[0].did, states(fleet, order)) == ([], ["init"])
        fleet.orders.steer(fleet.who(), order.order_id, "stopped")
        assert states(fleet, order) == ["stopped"]
        assert code_of(fleet.orders.steer, fleet.who(), order.order_id, "running") is (
            FaultCode.ORDER_NOT_NOW
        )
        again = code_of(fleet.orders.agree, fleet.who("wang"), order.order_id)
        assert again is FaultCode.ORDER_NOT_NOW, "it is there, and nobody waits for a second person"
        assert code_of(fleet.orders.agree, fleet.who(), fresh_id()) is FaultCode.API_NOT_FOUND

    def test_where_no_box_is_in_service_that_is_said_and_not_that_the_store_is_unknown(
        self, any_units: Units
    ) -> None:
        fleet = Fleet(any_units)
        for call in (fleet.orders.give, fleet.orders.preview):
            wish = Wish("resync", Spot("store", fresh_id()), {}, HOUR_MS)
            assert code_of(call, fleet.who(), wish) is FaultCode.FLEET_NO_BOXES

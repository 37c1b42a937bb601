"""A box looks at itself: figures from given trees, a trial sale, issues told, fixups."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.adapters.vitals_board import BoardVitals
from edge_agent.cli.doctor import told
from edge_agent.services.box.fixups import Fixup, FixupDesk
from edge_agent.services.box.health_watch import HealthWatch, HourCount
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.health import BoxVitals
from tests.factories.agent_api import Box
from tests.factories.terminals import PairingDesk

TREE = {
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
    "sys/class/thermal/thermal_zone0/temp": "81234\n",
    "sys/block/mmcblk0/device/life_time": "0x09 0x02\n",
    "sys/block/mmcblk0/device/pre_eol_info": "0x02\n",
    "proc/meminfo": "MemTotal:  1000000 kB\nMemFree: 1 kB\nMemAvailable:  70000 kB\n",
    "proc/uptime": "93.71 180.20\n",
}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path) as box:
        yield box


def tree(root: Path, **changed: str) -> Path:
    for name, text in (TREE | changed).items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="ascii")
    return root


def test_a_pi_says_how_it_is(tmp_path: Path) -> None:
    said = BoardVitals(tmp_path, tree(tmp_path)).read()
    assert (said.throttled, said.temperature_c, said.uptime_s) == (0x50005, 81, 93)
    assert (said.card_life_percent, said.card_eol, said.memory_free_percent) == (90, 2, 7)
    assert said.disk_free_mb is not None
    assert said.disk_free_percent is not None


def test_a_board_that_says_nothing_is_not_unwell(tmp_path: Path) -> None:
    assert BoardVitals(tmp_path / "no", tmp_path / "nowhere").read() == BoxVitals()
    noise = dict.fromkeys(TREE, "\x00?\n")
    assert BoardVitals(tmp_path / "no", tree(tmp_path, **noise)).read() == BoxVitals()


def test_an_hour_counts_what_grew_within_it() -> None:
    count = HourCount()
    assert [count.grown(at, seen) for at, seen in ((0, 5), (1_000, 7), (3_600_500, 8))] == [0, 2, 1]
    assert count.grown(3_601_000, 1) == 0  # the program began anew


def test_a_trial_sale_goes_the_whole_way_and_leaves_nothing(box: Box) -> None:
    before = (box.storage.journal.next_seq(), box.storage.journal.depth())
    box.agent.surface.care.health.turn()
    vitals = box.agent.surface.care.health.vitals
    assert (vitals.priced, vitals.booked) == (1, 1)
    assert (box.storage.journal.next_seq(), box.storage.journal.depth()) == before


def test_a_journal_that_cannot_be_written_stops_the_shop_until_it_can(box: Box) -> None:
    watch = box.agent.surface.care.health
    box.storage.journal._corrupt = Fault(FaultCode.DISK_JOURNAL_CORRUPT, seq=1)
    assert "H118" in looked(watch, box, 1, 0)
    box.storage.journal._corrupt = None
    assert "H118" not in looked(watch, box, 1, 15_000)


def looked(watch: HealthWatch, box: Box, times: int, pause_ms: int) -> set[str]:
    for _ in range(times):
        box.clock.advance(pause_ms)
        watch.turn()
    return {one.code for one in watch.issues()}


def test_an_issue_is_told_to_the_technician_and_to_hq(box: Box) -> None:
    watch = box.agent.surface.care.health
    states = {"nfc": "gone"}
    sick = HealthWatch(box.clock, box.agent.basis.tally, BoxVitals, lambda: states, watch._trial)
    assert looked(sick, box, 3, 15_000) == {"H119"}
    box.agent.surface.wellbeing.body = sick
    vitals = box.agent.surface.wellbeing.vitals()
    assert vitals.wrong == {("H119", "nfc")}
    assert box.agent.basis.tally.snapshot()["H119"] == 1  # HQ's page of the store shows the count
    states["nfc"] = "ok"
    assert looked(sick, box, 5, 15_000) == set()


def test_a_fixup_runs_now_and_then_not_again_and_again(box: Box) -> None:
    operator = {"X-Operator": PairingDesk(box).operator}
    with box.screen() as screen:
        path = "/v1/tech/health/fixups/"
        first = screen.post(path + "free-space", headers=operator, json={})
        again = screen.post(path + "free-space", headers=operator, json={})
        unknown = screen.post(path + "pray", headers=operator, json={})
        nobody = screen.post(path + "free-space", json={})
    assert first.status_code == 200, first.text
    assert first.json()["done"][0]["name"] == "free-space"
    assert (again.status_code, again.json()["code"]) == (409, "H141")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "H140")
    assert nobody.status_code == 401
    assert box.till().get("/v1/tech/health").status_code == 403


def test_the_doctor_says_what_the_agent_found_and_who_mends_it(box: Box) -> None:
    box.storage.journal._corrupt = Fault(FaultCode.DISK_JOURNAL_CORRUPT, seq=1)
    looked(box.agent.surface.care.health, box, 1, 0)
    with box.screen() as screen:
        (found,) = (
            one for one in told(screen.get("/v1/tech/health").json()) if "技术员" in one.name
        )
    said = found.as_json()
    assert (said["code"], said["ok"]) == ("H118", False)
    assert "换卡" in str(said["zh"])


def test_a_fixup_says_first_what_it_would_touch_and_who_did_it_is_kept(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        clerk = {"X-Operator": PairingDesk(box)._signed_in("1001")}
        manager = {"X-Operator": PairingDesk(box).operator}
        path = "/v1/tech/health/fixups/"
        with box.screen() as screen:
            dry = screen.post(path + "send-again", headers=clerk, json={"dry": True}).json()
            none_ran = screen.get("/v1/tech/health").json()["done"]
            sent = screen.post(path + "send-again", headers=clerk, json={})
            refused = screen.post(path + "restart-program", headers=clerk, json={})
            would = screen.post(path + "restart-program", headers=manager, json={"dry": True})
        assert (dry["touches"], dry["dry"], none_ran) == ("journal: 0", True, [])
        assert sent.status_code == 200, sent.text
        assert (refused.status_code, refused.json()["code"]) == (403, "H145")
        assert would.json()["touches"] == "0.0-test"
    with Box(tmp_path) as box, box.screen() as screen:
        kept = screen.get("/v1/tech/health").json()["done"]
    assert [(one["name"], one["by"], one["trouble"]) for one in kept] == [
        ("send-again", "1001", "")
    ]


def test_the_box_tries_alone_only_what_it_may(box: Box) -> None:
    ran: list[str] = []

    def fixup(name: str, *, alone: bool) -> Fixup:
        codes = frozenset({FaultCode.HEALTH_DEVICE_AWAY})
        return Fixup(name, codes, lambda: ran.append(name), name, name, str, alone=alone)

    both = (fixup("asked", alone=False), fixup("alone", alone=True))
    desk = FixupDesk(box.clock, None, both)
    trial = box.agent.surface.care.health._trial
    tally, away = box.agent.basis.tally, {"nfc": "gone"}
    sick = HealthWatch(box.clock, tally, BoxVitals, lambda: away, trial, desk)
    looked(sick, box, 6, 15_000)
    assert ran == ["alone"], "once in ten minutes, and nothing that a person has to ask for"
    looked(sick, box, 1, 600_000)
    assert ran == ["alone", "alone"]

"""A box looks at itself: figures from given trees, a trial sale, issues told, fixups."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.vitals_board import BoardVitals
from edge_agent.cli.doctor import missing, print_findings, told
from edge_agent.services.box.fixups import Fixup, FixupDesk
from edge_agent.services.box.health_watch import HealthWatch, HourCount
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.health import BoxVitals
from tests.factories.agent_api import Box
from tests.factories.agent_files import CONFIG
from tests.factories.terminals import PairingDesk
from tests.fakes.documents import FakeDocuments

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


def test_a_disk_that_takes_no_write_stops_the_shop_before_a_sale_fails(box: Box) -> None:
    watch, db = box.agent.surface.care.health, box.storage.journal.file.writer
    db.pragma("query_only", 1)
    assert "H118" in looked(watch, box, 1, 0)
    said = box.agent.surface.wellbeing.view()
    assert (said.state, said.can_sell, said.reasons[0].code) == ("cannot", False, "H118")
    assert not box.agent.surface.wellbeing.vitals().can_sell, "and so on HQ's wall"
    db.pragma("query_only", 0)
    assert "H118" not in looked(watch, box, 1, 15_000)
    assert box.agent.surface.wellbeing.view().can_sell


def test_a_sale_that_found_no_room_is_an_issue_at_the_next_look(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, gone = box.agent.surface.care.health, Fault(FaultCode.DISK_RESERVE_GONE)
    assert "H118" not in looked(watch, box, 1, 0)
    monkeypatch.setattr(SqliteJournal, "fault", gone)
    assert "H118" in looked(watch, box, 1, 15_000), "not after three minutes"
    monkeypatch.undo()
    assert "H118" not in looked(watch, box, 1, 15_000)


def test_a_fixup_runs_on_a_disk_that_takes_no_note_of_it(box: Box) -> None:
    class Full(FakeDocuments):
        def put(self, name: str, document: dict[str, object]) -> None:
            raise OSError(28, "No space left on device")

    fixup = Fixup("tidy", frozenset({FaultCode.HEALTH_DISK_LOW}), str, "理", "tidy", str)
    desk = FixupDesk(box.clock, Full(), (fixup,))
    assert desk.mend("tidy", "1001", "clerk").trouble == ""
    assert [one.name for one in desk.done] == ["tidy"]


def test_a_price_that_breaks_in_a_way_nobody_foresaw_is_an_issue(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = box.agent.surface.care.health
    monkeypatch.setattr(PriceDesk, "quote", lambda *_: 1 // 0)
    assert "H117" in looked(watch, box, 1, 0)
    monkeypatch.undo()
    assert "H117" not in looked(watch, box, 1, 180_000)


def test_doctor_names_devices_in_words_and_what_else_is_missing(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    issue = {"code": "H119", "subject": "nfc", "mender": "clerk"}
    body = {"issues": [issue | {"fields": {"device": "nfc", "state": "gone"}}]}
    long = (
        "云端发来的库存推荐或品名对照没有通过检查沿用原来的不影响收银也不用重启盒子等它再来一次就好"
    )
    reasons = [{"code": code, "zh": long, "en": code} for code in ("R302", "S158")]
    found = (*told(body), *missing(body, {"reasons": reasons}))
    assert "读卡器 不在工作(不在)" in str(found[0].as_json()["zh"])
    assert [one.as_json()["code"] for one in found] == ["H119", "S158"], "R302 is the reader again"
    print_findings(found)
    shown = capsys.readouterr().out
    assert "…" not in shown, "a sentence is folded, never cut"
    assert long[-6:] in shown.replace("\n", "").replace(" ", "")


def test_doctor_says_that_a_running_box_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings(())
    assert "没有发现问题 / the box runs" in capsys.readouterr().out


def test_a_container_looks_at_the_boards_files_where_they_are_mounted(tmp_path: Path) -> None:
    tree(tmp_path / "host")
    with Box(tmp_path / "box", config=f'board_root = "../host"\n{CONFIG}') as box:
        watch = box.agent.surface.care.health
        watch.turn()
        assert (watch.vitals.temperature_c, watch.vitals.throttled) == (81, 0x50005)
        assert {one.code for one in watch.issues()} >= {"H101", "H104"}


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
        found = told(screen.get("/v1/tech/health").json())
    # The disk of the machine that runs this may be low: that is the technician's as well.
    (name, said), *_ = (
        (one.name, one.as_json()) for one in found if one.as_json()["code"] != "H106"
    )
    assert (said["code"], said["ok"], "技术员" in name) == ("H118", False, True)
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

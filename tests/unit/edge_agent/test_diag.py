"""Diagnostics: in time, in bounds, and nobody's number, key, template or token in it."""

import io
import re
import tarfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge_agent.adapters.log_tail import LINES_MAX, LogTail
from edge_agent.bootstrap.diag import KEPT_FILE, LOG_TAIL, diag_for_hq, secrets_in
from edge_agent.cli import commands as cli
from edge_agent.domain.box_key import draw_key
from edge_agent.domain.diag_redact import Redactor
from edge_agent.services.box.diag import TEXT_BYTES_MAX, Collector, Diagnostics
from retail_core.errors import Fault
from retail_core.fleet.boot_loop import STARTS_MAX
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import CARD_UID, MEMBER, PHONE, Box, sale
from tests.factories.agent_files import SCREEN_TOKEN, TILL_TOKEN
from tests.fakes.clock import FakeClock
from tests.fakes.fleet_line import FakeArchiveLine

TEMPLATE = np.linspace(-1, 1, 128).astype(np.float32).tobytes()
KEY = bytes(range(100, 132))
PLANTED = {
    "phone": "138 0013 8000",
    "phone together": PHONE,
    "phone of another country": "+49 151 23456789",
    "member": str(MEMBER),
    "member without dashes": MEMBER.hex,
    "member's number": "900012345678",
    "card": CARD_UID.hex(),
    "card in pairs": CARD_UID.hex(":"),
    "mail": "li.min@example.com",
    "key": KEY.hex(),
    "key in base64": b64encode(KEY).decode(),
    "key block": draw_key().decode(),
    "template": TEMPLATE.hex(),
    "template in base64": b64encode(TEMPLATE).decode(),
    "till's token": TILL_TOKEN,
    "screen's token": SCREEN_TOKEN,
    "bearer": "Bearer s3cr3t",
    "login of a proxy": "http://shop:hunter2@10.0.0.1:3128",
    "pin": "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA",
}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path) as box:
        yield box


def opened(packed: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        found = {one.name: archive.extractfile(one) for one in archive.getmembers()}
        return {name: file.read().decode() for name, file in found.items() if file}


def bare(text: str) -> str:
    """Leave letters and digits alone: however something is grouped, it is found."""
    return re.sub(r"[^0-9a-z]", "", text.lower())


def test_nothing_that_was_planted_leaves_the_box(box: Box) -> None:
    with box.till() as till:
        sold = till.post("/v1/sales", json=sale(12_800), headers={"Idempotency-Key": "planted-1"})
        assert sold.status_code == 200, sold.text
    for what, planted in PLANTED.items():
        LOG_TAIL.write(f'{{"event": "{what}", "said": "{planted}", "level": "info"}}\n')
    with box.screen() as screen:
        answer = screen.post("/v1/tech/diag", json={})
    assert answer.status_code == 200, answer.text
    said = opened(answer.content)
    assert set(said) >= {"diag/about.json", "diag/health.json", "diag/log.jsonl"}
    whole = "".join(said.values())
    assert str(box.agent.basis.shop.store) in whole, "which store it is may be said"
    for what, planted in PLANTED.items():
        assert planted not in whole, what
        assert bare(planted)[-12:] not in bare(whole), what
    for secret in secrets_in(box.settings):
        assert secret.hex() not in whole
        assert b64encode(secret).decode().rstrip("=") not in whole
    assert '"event": "phone"' in said["diag/log.jsonl"], "the line itself is kept"


@given(st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["", " ", "-", "tel:", "86"]))
def test_no_phone_number_passes(number: int, before: str) -> None:
    assert str(number) not in Redactor([]).clean(f"x {before}{number} y")


@given(st.binary(min_size=16, max_size=64), st.uuids())
def test_no_known_secret_and_no_identifier_passes(secret: bytes, member: UUID) -> None:
    text = f"a={secret.hex()} b={b64encode(secret).decode()} c={member}"
    cleaned = Redactor([secret]).clean(text)
    assert secret.hex() not in cleaned
    assert b64encode(secret).decode().rstrip("=") not in cleaned
    assert str(member) not in cleaned
    assert str(member) in Redactor([], [str(member)]).clean(text)


def test_figures_and_times_can_still_be_read() -> None:
    kept = '{"at": "2026-11-23T02:03:01Z", "ms": 12.5, "code": "H101", "queue": 120034}'
    assert Redactor([b"no"]).clean(kept) == kept


def test_who_hangs_breaks_or_talks_too_much_is_said_and_keeps_nobody_waiting() -> None:
    ending = threading.Event()

    def breaks() -> str:
        raise KeyError("13800138000")

    collectors = (
        Collector("hangs", lambda: str(ending.wait(60)), seconds=0.05),
        Collector("breaks", breaks),
        Collector("talks", lambda: "never ends " * TEXT_BYTES_MAX),
        Collector("well", lambda: "well"),
    )
    said = opened(Diagnostics(collectors, Redactor([]), FakeClock()).archive("test"))
    ending.set()
    assert said["diag/hangs"] == "took longer than 0.05 s\n"
    assert said["diag/breaks"] == "broke: KeyError\n"
    assert len(said["diag/talks"].encode()) < TEXT_BYTES_MAX + 100
    assert said["diag/well"] == "well"


def test_one_archive_at_a_time() -> None:
    inside: list[FaultCode] = []

    def again() -> str:
        with pytest.raises(Fault) as refused:
            diagnostics.archive("second")
        inside.append(refused.value.code)
        return "x"

    diagnostics = Diagnostics([Collector("again", again)], Redactor([]), FakeClock())
    diagnostics.archive("first")
    assert inside == [FaultCode.HEALTH_DIAG_BUSY]


def test_the_log_keeps_its_end() -> None:
    tail = LogTail()
    for number in range(LINES_MAX + 5):
        tail.write(f"line {number}\n")
    lines = tail.text().splitlines()
    assert (len(lines), lines[-1]) == (LINES_MAX, f"line {LINES_MAX + 4}")


def test_the_summary_fits_a_code_and_names_no_member(box: Box) -> None:
    box.agent.surface.care.health.turn()
    with box.screen() as screen:
        told = screen.get("/v1/tech/diag/summary").json()
    assert told["text"].startswith(f"REGULARS-DIAG:1 s={box.agent.basis.shop.store} ")
    assert len(told["text"]) < 400
    assert {len(row) for row in told["rows"]} == {len(told["rows"])}
    assert box.till().get("/v1/tech/diag/summary").status_code == 403


def test_prometheus_reads_figures_with_a_token_and_nobody_without(box: Box) -> None:
    box.agent.surface.care.health.turn()
    box.agent.basis.tally.count(FaultCode.CAMERA_STALLED)
    with box.screen() as screen:
        page = screen.get("/v1/tech/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = page.text.splitlines()
    assert "regulars_box_can_sell 1" in lines
    assert 'regulars_box_device_ok{device="cloud"} -1' in lines
    assert any(line.startswith("regulars_box_disk_free_percent ") for line in lines)
    sample = re.compile(r'regulars_box_[a-z_]+(\{(device|code)="[\w@.:-]+"\})? -?\d+')
    assert all(line.startswith("# ") or sample.fullmatch(line) for line in lines)
    assert box.client().get("/v1/tech/metrics").status_code == 401
    assert box.till().get("/v1/tech/metrics").status_code == 403


def test_a_box_that_does_not_run_is_told_of_by_its_files(tmp_path: Path) -> None:
    runner, out = CliRunner(), tmp_path / "out.tar.gz"
    with Box(tmp_path / "box") as box:
        config = str(box.settings.config_path)
    packed = runner.invoke(cli.app, ["diag", "--config", config, "--out", str(out)])
    assert packed.exit_code == 0, packed.output
    said = opened(out.read_bytes())
    assert "journal.db" in said["diag/files.txt"]
    assert TILL_TOKEN not in "".join(said.values())
    short = runner.invoke(cli.app, ["diag", "--config", config, "--out", str(out), "--summary"])
    assert short.exit_code == 0, short.output
    assert "REGULARS-DIAG:1 s=" in short.output
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    nowhere = runner.invoke(cli.app, ["diag", "--config", str(tmp_path / "no.toml")])
    assert (nowhere.exit_code, "I105" in nowhere.output) == (3, True)


def test_safe_mode_is_shown_and_left_by_command(tmp_path: Path) -> None:
    runner = CliRunner()
    for _ in range(STARTS_MAX):
        with Box(tmp_path) as box:
            config = str(box.settings.config_path)

    def said(word: str) -> str:
        done = runner.invoke(cli.app, ["safe-mode", word, "--config", config])
        assert done.exit_code == 0, done.output
        return done.output

    assert "safe mode" in said("show")
    assert "left safe mode" in said("off")
    assert "normal" in said("show")


@pytest.mark.parametrize("down", [False, True])
def test_hq_is_told_in_short_and_gets_the_archive_if_the_line_holds(
    box: Box, *, down: bool
) -> None:
    care, basis = box.agent.surface.care, box.agent.basis
    line = FakeArchiveLine(down=down)
    told = diag_for_hq(basis, care.diag, care.health, line)({})
    assert told.startswith(f"REGULARS-DIAG:1 s={basis.shop.store} ")
    kept = basis.settings.config.data_dir / KEPT_FILE
    assert "diag/about.json" in opened(kept.read_bytes())
    assert kept.stat().st_mode & 0o077 == 0
    assert line.came == ([] if down else [kept.read_bytes()])

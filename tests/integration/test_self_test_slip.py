"""A new box leaves a slip of its self-test at the shop's printer, by the command on a real line."""

import os
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.cli.commands import app
from edge_agent.drivers.lines.held import hold
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.till_escpos.frames import Text, Tokenizer
from tests.factories.agent_files import DEVICE, write_agent
from tests.factories.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
PROFILES = Path(__file__).resolve().parents[2] / "device_configs"


class Paper:
    """What came out of a printer on a pseudo-terminal."""

    def __init__(self, near: int, path: str) -> None:
        self.path = path
        self.raw = b""
        self._near = near
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while not self._over.is_set():
            if select.select([self._near], [], [], 0.05)[0]:
                self.raw += os.read(self._near, 4_096)

    def end(self) -> None:
        self._over.set()
        self._reader.join()

    @property
    def text(self) -> str:
        return b"".join(
            token.raw for token in Tokenizer().feed(self.raw) if isinstance(token, Text)
        ).decode("gb18030")


@contextmanager
def printer() -> Iterator[Paper]:
    near, far = os.openpty()
    tty.setraw(far)
    paper = Paper(near, os.ttyname(far))
    try:
        yield paper
    finally:
        paper.end()
        os.close(near)
        os.close(far)


def agent(folder: Path, device: str) -> Path:
    config = write_agent(folder, device=device)
    profiles = f'profiles_dir = "{PROFILES}"\n'
    config.write_text(profiles + config.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "data").mkdir(exist_ok=True)
    return config


def test_the_slip_says_what_is_well_and_what_to_mend(tmp_path: Path) -> None:
    with printer() as paper:
        missing = DEVICE.replace('port = "/dev/null"', 'port = "/dev/regulars-nowhere"')
        config = agent(
            tmp_path, missing.replace('printer = "/dev/null"', f'printer = "{paper.path}"')
        )
        done = CliRunner().invoke(app, ["doctor", "-c", str(config), "--print", "老收银机"])
        assert done.exit_code == 1, done.output
        assert "已打印" in done.output
    for said in ("熟客盒子 自检", "上海徐汇店", "设备文件", "√", "T101", "1 项要修"):
        assert said in paper.text
    assert paper.raw.startswith(b"\x1b@")
    assert paper.raw.count(b"\x1dV") == 1, "cut once"
    assert b"REGULARS-DIAG:1 s=01890000" in paper.raw, "the essentials as a code"


def test_a_printer_without_chinese_letters_is_written_in_english(tmp_path: Path) -> None:
    with printer() as paper:
        profile = (PROFILES / "generic-en-42.toml").read_text(encoding="utf-8")
        (tmp_path / "profiles").mkdir()
        plain = profile.replace('encoding = "auto"', 'encoding = "cp437"', 1)
        plain = plain.replace("generic-en-42", "plain")
        (tmp_path / "profiles" / "plain.toml").write_text(plain, encoding="utf-8")
        device = DEVICE.replace('printer = "/dev/null"', f'printer = "{paper.path}"')
        config = agent(tmp_path, device.replace("generic-zh-32", "plain"))
        text = config.read_text(encoding="utf-8").replace(str(PROFILES), "profiles")
        config.write_text(text, encoding="utf-8")
        done = CliRunner().invoke(app, ["doctor", "-c", str(config), "--print", "老收银机"])
        assert "已打印" in done.output, done.output
    assert "SELF-TEST" in paper.text
    assert "all is well" in paper.text


def test_a_port_alone_is_enough_and_a_printer_in_use_is_left_alone(tmp_path: Path) -> None:
    config = agent(tmp_path, DEVICE)
    with printer() as paper:
        done = CliRunner().invoke(app, ["doctor", "-c", str(config), "--print", paper.path])
        assert "已打印" in done.output
        eventually(lambda: b"\x1dV" in paper.raw)  # cut: the whole of it has come out
        assert "全部正常" in paper.text
        before = paper.raw
        held = hold(open_port(paper.path, SerialLine()))
        try:
            refused = CliRunner().invoke(app, ["doctor", "-c", str(config), "--print", paper.path])
        finally:
            held.close()
        assert (refused.exit_code, "T174" in refused.output) == (5, True)
        assert paper.raw == before
    gone = CliRunner().invoke(app, ["doctor", "-c", str(config), "--print", "/dev/nowhere"])
    assert (gone.exit_code, "T101" in gone.output) == (5, True)

"""Names from people and files on a terminal: visible, and never obeyed."""

import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer import echo

from retail_core.terminal import HarmlessStream, harmless

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[3]
# Clears the page, names the window, turns red by one byte, reads backwards.
EVIL = "\x1b[2J\x1b]0;pwned\x07牛奶\x9b31m\u202e09.5"
SHOWN = "␛[2J␛]0;pwned␇牛奶\ufffd31m\ufffd09.5"


@given(st.text())
def test_nothing_that_steers_is_left_and_nothing_else_is_lost(text: str) -> None:
    kept = harmless(text)
    assert len(kept) == len(text)
    for before, after in zip(text, kept, strict=True):
        assert after in "\n\t" or unicodedata.category(after) != "Cc"
        assert unicodedata.bidirectional(after) not in {"LRE", "RLE", "LRO", "RLO", "PDF"}
        assert unicodedata.bidirectional(after) not in {"LRI", "RLI", "FSI", "PDI"}
        assert before == after or unicodedata.category(before) in {"Cc", "Cf"}


def test_a_plain_line_on_a_terminal_is_pictured(monkeypatch: pytest.MonkeyPatch) -> None:
    outer, inner = pty.openpty()
    with os.fdopen(outer, "rb", buffering=0) as seen, os.fdopen(inner, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", HarmlessStream(terminal))
        echo(f"名称 {EVIL}")
        assert seen.read(1_000).decode() == f"名称 {SHOWN}\r\n"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_price_of_an_article_with_an_evil_name(tmp_path: Path, *, is_terminal: bool) -> None:
    line = {"sku": "milk", "name": EVIL, "unit_price_fen": 500, "qty_milli": 1000}
    basket = {"opened": "2026-07-31T12:00:00", "lines": [line]}
    (tmp_path / "b.json").write_text('{"version": 1, "offers": []}')
    (tmp_path / "k.json").write_text(json.dumps(basket))
    said = _run(tmp_path, is_terminal=is_terminal)
    assert "␛[2J␛]0;pwned␇牛奶\ufffd31m" in said.replace("\r\n", "")
    assert "5.00" in said
    for steering in ("\x1b[2J", "\x1b]", "\x07", "\x9b", "\u202e"):
        assert steering not in said


def test_a_colon_on_each_side_of_a_word_is_no_picture(tmp_path: Path) -> None:
    twice = {"kind": "mix_and_match", "id": "x", "name": "x", "need": 2, "permille": 500}
    (tmp_path / "b.json").write_text(json.dumps({"version": 1, "offers": [twice, twice]}))
    (tmp_path / "k.json").write_text("{}")
    command = [str(BIN / "regulars"), "price", "-b", "b.json", "-k", "k.json", "--lang", "zh"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert ":id:" in done.stderr.replace("\n", "")


def test_no_console_of_ours_draws_words_as_pictures() -> None:
    made = re.compile(r"\bConsole\((?!emoji=False)")
    for package in ("regulars_cli", "edge_agent", "cloud_broker"):
        for path in (ROOT / package).rglob("*.py"):
            assert not made.search(path.read_text(encoding="utf-8")), path


def _run(folder: Path, *, is_terminal: bool) -> str:
    """Return what the installed program prints, to a terminal or to a pipe."""
    command = [str(BIN / "regulars"), "price", "-b", "b.json", "-k", "k.json"]
    around = {**os.environ, "COLUMNS": "200", "TERM": "xterm-256color"}
    if not is_terminal:
        return subprocess.run(
            command, cwd=folder, env=around, capture_output=True, text=True, check=True
        ).stdout
    outer, inner = pty.openpty()
    with subprocess.Popen(command, cwd=folder, env=around, stdout=inner, stderr=inner) as program:
        os.close(inner)
        said = b""
        with os.fdopen(outer, "rb", buffering=0) as seen:
            try:
                while part := seen.read(65_536):
                    said += part
            except OSError:
                pass  # a terminal whose last writer went says so by an error
        assert program.wait() == 0, said.decode()
    return said.decode()

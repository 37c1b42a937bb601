"""Files that are broken, strange or not what they are taken for: told, and left alone."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from regulars_cli.__main__ import app

FILES = {
    "b": {
        "version": 3,
        "offers": [
            {"kind": "mix_and_match", "id": "half", "name": "第二件半价", "need": 2, "free": 1}
        ],
    },
    "k": {
        "opened": "2026-07-31T12:00:00",
        "lines": [{"sku": "cola", "unit_price_fen": 700, "qty_milli": 2000}],
    },
    "m": {"tier": "gold"},
}
SOLD = (
    '{"receipt":"1","opened":"2026-03-02T10:00:00","member":"m1",'
    '"lines":[{"sku":"cola","unit_price_fen":700,"qty_milli":2000}]}\n'
)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("COLUMNS", "200")
    for name, content in FILES.items():
        Path(f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def run(*arguments: str) -> Result:
    found = CliRunner().invoke(app, list(arguments))
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def price(*arguments: str) -> Result:
    return run("price", "-b", "b.json", "-k", "k.json", *arguments)


def replay(*arguments: str) -> Result:
    if not Path("s.jsonl").exists():
        Path("s.jsonl").write_text(SOLD, encoding="utf-8")
    return run("bundle", "replay", "-b", "b.json", "-s", "s.jsonl", "--workers", "1", *arguments)


def test_a_time_with_a_zone_is_no_opening_time() -> None:
    refused = price("--at", "2026-07-31T12:00:00Z")
    assert refused.exit_code == 2
    assert "without a zone" in refused.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "JSON 没有写完"),
        (b"[]", "应为 object,写的是 array"),
        (b"{}", "缺少字段 format"),
        ("价".encode("gbk"), "第 0 字节起不是 JSON"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said_in_chinese(content: bytes, said: str) -> None:
    Path("c.json").write_bytes(content)
    refused = run("verify", "c.json", "--lang", "zh")
    assert refused.exit_code == 3
    assert refused.output == f"P132 价格凭证不对:{said}\n"


def test_a_price_is_told_from_its_certificate() -> None:
    printed = price("--json")
    Path("c.json").write_text(printed.stdout, encoding="utf-8")
    refused = run("verify", "c.json", "--lang", "zh")
    assert refused.exit_code == 3
    assert "--certificate" in refused.output


def test_files_that_begin_with_a_mark_are_read() -> None:
    price("--certificate", "c.json")
    for name in ("c.json", "b.json", "k.json", "m.json"):
        path = Path(name)
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert run("verify", "c.json").exit_code == 0
    assert price("-m", "m.json").exit_code == 0
    Path("s.jsonl").write_text(f"\ufeff{SOLD}", encoding="utf-8")
    Path("who.jsonl").write_text('\ufeff{"id": "m1", "tier": "gold"}\n', encoding="utf-8")
    assert json.loads(replay("--members", "who.jsonl", "--json").output)["receipts"] == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[]", "P123 who.jsonl 第 2 行 的 整个文件 不对:应为 object,写的是 array\n"),
        ('{"id": 7}', "P123 who.jsonl 第 2 行 的 id 不对:应为 str,写的是 int\n"),
        (
            '{"id": "m", "tier": "a", "tier": "b"}',
            "P123 who.jsonl 第 2 行 的 整个文件 不对:字段 tier 写了两次\n",
        ),
        (
            '{"id": "m", "bogus": 1}',
            "P123 who.jsonl 第 2 行 的 整个文件 不对:没有名为 bogus 的字段\n",
        ),
    ],
)
def test_a_broken_line_of_members_is_named(line: str, said: str) -> None:
    Path("who.jsonl").write_text(f'{{"id": "m0"}}\n{line}\n', encoding="utf-8")
    refused = replay("--members", "who.jsonl", "--lang", "zh")
    assert (refused.exit_code, refused.output) == (3, said)


def test_a_file_that_is_no_checkpoint_is_left_alone() -> None:
    Path("mine.json").write_text('{"my": "notes"}', encoding="utf-8")
    refused = replay("--checkpoint", "mine.json")
    assert refused.exit_code == 3
    assert refused.output.startswith("P195 mine.json ")
    assert Path("mine.json").read_text(encoding="utf-8") == '{"my": "notes"}'


def test_a_checkpoint_that_cannot_be_written_is_said_at_once() -> None:
    refused = replay("--checkpoint", "nowhere/state.json")
    assert refused.exit_code == 3
    assert "P131 nowhere/state.json" in refused.output


def test_a_broken_line_of_sales_is_told_in_chinese() -> None:
    Path("s.jsonl").write_text(SOLD.replace("700", "7.5"), encoding="utf-8")
    refused = replay("--lang", "zh")
    assert refused.exit_code == 3
    assert "第 1 行不对:lines[0].unit_price_fen:应为 int,写的是 float" in refused.output

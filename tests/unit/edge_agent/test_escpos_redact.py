"""What a recording may carry out of the shop: no person, no card, no payment code; every total."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.jobs import JobReader
from edge_agent.drivers.till_escpos.recording import Block, read_recording, written
from edge_agent.drivers.till_escpos.redact import Redactor, redact
from edge_agent.drivers.till_escpos.sim import sale_bytes
from edge_agent.ports.till_tap import TappedReceipt
from retail_core.errors import Fault

PROFILES = Path(__file__).resolve().parents[3] / "device_configs"
KEY = b"k" * 32
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]
CANARIES = (
    "13912345678",
    "139-1234-5678",
    "6222021234567890123",
    "6222 0212 3456 7890",
    "134567890123456789",
    "2812345678901234567",
    "欧阳娜娜",
    "上海市徐汇区漕溪北路18号",
    "ouyang@example.cn",
    "rm1.Ab3dE5gH7jK9",
)
PRIVATE = "\n".join(
    (
        f"会员姓名:{CANARIES[6]}",
        f"手机 {CANARIES[0]}",
        f"电话:{CANARIES[1]}",
        f"卡号 {CANARIES[2]}",
        f"银行卡 {CANARIES[3]}",
        f"付款码{CANARIES[4]}",
        f"交易 {CANARIES[5]}",
        f"{CANARIES[6]}女士",
        f"收货地址:{CANARIES[7]}",
        CANARIES[8],
        f"CODE {CANARIES[9]}",
    )
)


def private_sale() -> bytes:
    own = b"\x1dk\x49\x0d{B" + CANARIES[0].encode()
    code = b"\x1d(k" + (3 + len(CANARIES[9])).to_bytes(2, "little") + b"1P0" + CANARIES[9].encode()
    picture = b"\x1dv0\x00\x02\x00\x08\x00" + b"canary picture!!"
    body = PRIVATE.encode("gb18030") + b"\n" + own + code + picture
    return body + sale_bytes("20261122000123", ITEMS)


def read(data: bytes) -> TappedReceipt:
    jobs = JobReader("t", load_profile(PROFILES, "generic-zh-32", TillProfile))
    (receipt,) = jobs.feed(data, 0)
    return receipt


def test_nobody_can_be_found_in_a_recording() -> None:
    data = private_sale()
    hidden = redact(data, KEY)
    assert len(hidden) == len(data)
    for canary in (*CANARIES, "canary picture"):
        for encoding in ("gb18030", "utf-8"):
            assert canary.encode(encoding) not in hidden, canary
    assert "欧阳".encode("gb18030") not in hidden
    assert b"1391234" not in hidden


def test_a_recording_reads_as_the_receipt_did() -> None:
    data = private_sale()
    before, after = read(data), read(redact(data, KEY))
    assert after.lines == before.lines
    assert (after.total_fen, after.kind, after.fault) == (before.total_fen, "sale", None)
    assert [len(line) for line in after.text.split("\n")] == [
        len(line) for line in before.text.split("\n")
    ]


def test_the_same_number_has_the_same_stand_in() -> None:
    data = sale_bytes("20261122000123", ITEMS)
    assert redact(data, KEY) == redact(data, KEY)
    assert redact(data, KEY) != redact(data, b"q" * 32)


@pytest.mark.parametrize("name", ["CASH 1234.50", "2026-11-22 10:15", "合计 ¥19.50", "会员价 9.90"])
def test_amounts_and_dates_stay(name: str) -> None:
    data = name.encode("gb18030") + b"\n"
    assert redact(data, KEY) == data


@pytest.mark.parametrize(
    ("line", "canary"),
    [
        ("NO.13912345678", "13912345678"),
        ("VIP,6222021234567890123", "6222021234567890123"),
        ("会员号:100234", "100234"),
        ("Member No. 100234", "100234"),
        ("TEL 139.1234.5678", "139.1234.5678"),
        ("办卡 139.1234.5678", "139.1234.5678"),
    ],
)
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_a_number_is_found_whatever_stands_before_it(line: str, canary: str, encoding: str) -> None:
    assert canary.encode() not in redact(line.encode(encoding) + b"\n", KEY)


@pytest.mark.parametrize(
    "command",
    [
        b"\x1bZ\x00\x02\x05\x0d\x00canary-member",
        b"\x1b\x1d\x29\x00\x00\x00\x1bb\x06\x02\x02\x50canary-member\x1e",
        b"\x1b\x1dyD1\x00\x0d\x00canary-member",
        b"\x1b\x1dxD\x0d\x00canary-member",
        b"\x1b(A\x12\x00\x00\x00\x00\x00\x00canary-member",
    ],
)
def test_codes_of_other_makes_of_printers_are_hidden_as_well(command: bytes) -> None:
    hidden = redact(command + b"\n", KEY)
    assert b"canary" not in hidden
    assert len(hidden) == len(command) + 1


def test_a_bar_code_without_an_end_shifts_nothing() -> None:
    data = b"\x1dk\x04" + b"a" * 300 + b"\n"
    assert redact(data, KEY) == data


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
@pytest.mark.parametrize(
    ("said", "rest", "canaries"),
    [
        ("手机尾 138001", "38000\n", ("138001", "38000")),
        ("会员姓名:", "欧阳娜娜\n", ("欧阳娜娜", "娜娜")),
        ("欧阳娜娜", "女士\n", ("欧阳娜娜", "娜娜")),
    ],
)
def test_a_printer_that_stops_amid_a_line_betrays_nobody(
    said: str, rest: str, canaries: tuple[str, ...], encoding: str
) -> None:
    redactor = Redactor(KEY)
    blocks = redactor.feed(said.encode(encoding), 0) + redactor.pause()
    blocks += redactor.feed(rest.encode(encoding), 900)
    assert [len(data) for _, data in blocks] == [len(one.encode(encoding)) for one in (said, rest)]
    hidden = b"".join(data for _, data in blocks)
    for canary in canaries:
        assert canary.encode(encoding) not in hidden


def test_a_code_that_came_in_two_halves_with_a_pause_is_one() -> None:
    redactor = Redactor(KEY)
    first, second = b"\x1d(k\x10\x001P0canary-", b"member\n"
    blocks = redactor.feed(first, 0) + redactor.pause() + redactor.feed(second, 900)
    hidden = b"".join(data for _, data in blocks)
    assert len(hidden) == len(first + second)
    assert b"member" not in hidden


def test_a_sum_before_a_pause_stays() -> None:
    redactor = Redactor(KEY)
    data = "合计 19.50".encode("gb18030")
    assert [block for _, block in redactor.feed(data, 0) + redactor.pause()] == [data]


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=12))
def test_blocks_keep_their_sizes_over_pauses(blocks: list[bytes]) -> None:
    redactor, given_back = Redactor(KEY), list[tuple[int, bytes]]()
    for at, data in enumerate(blocks):
        given_back += redactor.feed(data, at) + redactor.pause()
    given_back += redactor.flush()
    assert [(at, len(data)) for at, data in given_back] == [
        (at, len(data)) for at, data in enumerate(blocks)
    ]


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=12))
def test_blocks_keep_their_sizes_whatever_comes(blocks: list[bytes]) -> None:
    redactor = Redactor(KEY)
    given_back = [
        block for at, data in enumerate(blocks) for block in redactor.feed(data, at)
    ] + redactor.flush()
    assert [(at, len(data)) for at, data in given_back] == [
        (at, len(data)) for at, data in enumerate(blocks)
    ]


@settings(max_examples=20)
@given(st.lists(st.integers(min_value=1, max_value=200), min_size=1, max_size=30))
def test_how_bytes_are_cut_makes_no_difference(sizes: list[int]) -> None:
    data = private_sale()
    redactor, at, parts = Redactor(KEY), 0, list[bytes]()
    for size in [*sizes, len(data)]:
        if at < len(data):
            parts += [block for _, block in redactor.feed(data[at : at + size], 0)]
            at += size
    parts += [block for _, block in redactor.flush()]
    assert b"".join(parts) == redact(data, KEY)


def test_a_recording_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "till.jsonl"
    blocks = (Block(0, b"\x1b@"), Block(12, "合计".encode("gb18030")))
    path.write_text(written("generic-zh-32", blocks), encoding="utf-8")
    found = read_recording(path)
    assert (found.profile, found.blocks) == ("generic-zh-32", blocks)
    assert found.data == b"\x1b@" + "合计".encode("gb18030")


@pytest.mark.parametrize("text", ["", "{}", "nonsense", '{"format":"x","version":1,"profile":""}'])
def test_another_file_is_no_recording(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Fault, match="T193"):
        read_recording(path)


@pytest.mark.parametrize("label", ["会员姓名", "姓名:", "Customer:", "收货人"])
@pytest.mark.parametrize("blank", ["", "\n"])
def test_a_name_below_its_label_is_hidden(label: str, blank: str) -> None:
    told = redact(f"店\n{label}\n{blank}欧阳静\n面包 1 6.00\n合计 6.00\n".encode("gb18030"), KEY)
    text = told.decode("gb18030")
    assert "欧阳静" not in text
    assert text.endswith("面包 1 6.00\n合计 6.00\n")
    assert len(told) == len(
        f"店\n{label}\n{blank}欧阳静\n面包 1 6.00\n合计 6.00\n".encode("gb18030")
    )


def test_sums_below_a_label_stay() -> None:
    told = redact("会员\n面包 1 6.00\n".encode("gb18030"), KEY)
    assert told == "会员\n面包 1 6.00\n".encode("gb18030")

"""A column that says who served is no part of the goods' names, wherever it stands."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import read_stream
from edge_agent.drivers.till_escpos.layout import columns_of
from edge_agent.drivers.till_escpos.redact import Redactor

PROFILES = Path(__file__).resolve().parents[3] / "device_configs"
AUTO = load_profile(PROFILES, "generic-auto", TillProfile)
GOODS = [("洗面奶", 1, 5_900), ("水光面霜50g", 2, 39_800), ("面膜", 3, 8_700)]
CLERKS = ["小李", "王芳", "小李"]
# Where a column begins, or ends when its figures stand to the right.
WIDE = {"name": 0, "staff": 18, "qty": -30, "price": -39, "amount": -48}


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def row(cells: dict[str, str], places: dict[str, int]) -> str:
    """Print cells where a till would; what is too long pushes the next one to the right."""
    line = ""
    for kind in sorted(cells, key=lambda kind: abs(places[kind])):
        at = places[kind] if places[kind] >= 0 else -places[kind] - columns_of(cells[kind])
        line += " " * max(at - columns_of(line), 1 if line else 0) + cells[kind]
    return line


def paper(
    goods: list[tuple[str, int, int]],
    clerks: list[str],
    heading: dict[str, str],
    places: dict[str, int],
) -> bytes:
    """Print a receipt of 48 columns."""
    lines = ["熟客美妆", "2026-11-23 12:00:00", "-" * 48, row(heading, places), "-" * 48]
    for (name, qty, fen), clerk in zip(goods, clerks, strict=True):
        cells = {"name": name, "staff": clerk, "qty": str(qty), "amount": yuan(fen)}
        cells["price"] = yuan(fen // qty)
        lines.append(row({kind: cells[kind] for kind in heading}, places))
    due = yuan(sum(fen for _, _, fen in goods))
    lines += ["-" * 48, "合计:" + due.rjust(40)]
    return b"\x1b@" + "\n".join(lines).encode("gb18030") + b"\n\n\x1dVB\x00"


def read(
    goods: list[tuple[str, int, int]],
    clerks: list[str],
    heading: dict[str, str],
    places: dict[str, int],
) -> list[tuple[str, int, int]]:
    """Read a printed receipt without a profile."""
    receipt, _ = read_stream(paper(goods, clerks, heading, places), AUTO)
    assert (receipt.kind, receipt.fault) == ("sale", None)
    return [(line.name, line.qty_milli // 1_000, line.amount_fen) for line in receipt.lines]


@pytest.mark.parametrize(
    "word", ["营业员", "店员", "导购", "技师", "销售员", "服务员", "工号", "Clerk", "Served by"]
)
def test_between_name_and_figures(word: str) -> None:
    heading = {"name": "品名", "staff": word, "qty": "数量", "price": "单价", "amount": "金额"}
    assert read(GOODS, CLERKS, heading, WIDE) == GOODS


@pytest.mark.parametrize("numbers", [["08", "12", "08"], ["1001", "1002", "1001"], ["7", "7", "7"]])
def test_a_number_of_who_served_is_neither_name_nor_count(numbers: list[str]) -> None:
    heading = {"name": "品名", "staff": "导购", "qty": "数量", "price": "单价", "amount": "金额"}
    assert read(GOODS, numbers, heading, WIDE) == GOODS


@pytest.mark.parametrize(
    "places",
    [
        {"staff": 0, "name": 8, "qty": -30, "amount": -48},
        {"name": 0, "qty": -24, "amount": -36, "staff": 38},
        {"name": 0, "staff": 14, "qty": -24, "amount": -36},
    ],
    ids=["in front", "behind the amount", "one blank behind a long name"],
)
def test_wherever_it_stands(places: dict[str, int]) -> None:
    heading = {"name": "品名", "staff": "营业员", "qty": "数量", "amount": "金额"}
    assert read(GOODS, CLERKS, heading, places) == GOODS


@pytest.mark.parametrize(
    "places",
    [WIDE, {"staff": 0, "name": 8, "qty": -30, "price": -39, "amount": -48}],
    ids=["behind the name", "in front"],
)
def test_a_recording_names_nobody_who_served_and_keeps_the_rest(places: dict[str, int]) -> None:
    heading = {"name": "品名", "staff": "营业员", "qty": "数量", "price": "单价", "amount": "金额"}
    printed = paper(GOODS, CLERKS, heading, places)
    for at in range(1, len(printed), 7):  # wherever the block was cut
        redactor = Redactor(b"k" * 32)
        blocks = [*redactor.feed(printed[:at], 0), *redactor.feed(printed[at:], 1)]
        shown = b"".join(block for _, block in [*blocks, *redactor.flush()])
        text = shown.decode("gb18030", "replace")
        assert not any(clerk in text for clerk in CLERKS)
        kept, said = text.splitlines(), printed.decode("gb18030", "replace").splitlines()
        assert [kept[row] for row in (0, 1, 3, 8, 9)] == [said[row] for row in (0, 1, 3, 8, 9)]
        receipt, _ = read_stream(shown, AUTO)
        assert [(one.name, one.amount_fen) for one in receipt.lines] == [
            (name, fen) for name, _, fen in GOODS
        ]


def test_a_salon_counts_nothing() -> None:
    goods = [("洗剪吹", 1, 6_800), ("烫发套餐", 1, 38_000)]
    heading = {"name": "项目", "staff": "技师", "amount": "金额"}
    assert read(goods, ["阿伟", "小美"], heading, WIDE) == goods


def test_without_such_a_heading_a_name_keeps_its_words() -> None:
    goods = [("洗面奶 小李同款", 1, 5_900), ("面膜", 3, 8_700)]
    heading = {"name": "品名", "qty": "数量", "price": "单价", "amount": "金额"}
    assert read(goods, ["", ""], heading, WIDE) == goods


NAMES = st.text("茶水奶糖盐米面油膏霜", min_size=1, max_size=8)


@given(
    st.lists(
        st.tuples(NAMES, st.integers(1, 9), st.integers(100, 9_999)),
        min_size=2,
        max_size=6,
        unique_by=lambda one: one[0],
    ),
    st.data(),
)
@settings(deadline=None, max_examples=25)
def test_every_name_and_count_survives(
    drawn: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    goods = [(name, qty, qty * fen) for name, qty, fen in drawn]
    clerks = [data.draw(st.text("张王李赵芳伟美", min_size=1, max_size=3)) for _ in goods]
    heading = {"name": "品名", "staff": "店员", "qty": "数量", "price": "单价", "amount": "金额"}
    assert read(goods, clerks, heading, WIDE) == goods

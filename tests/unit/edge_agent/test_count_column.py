"""A count that a long name pushed out of its column stays a count, and a name keeps its figures."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import read_stream
from edge_agent.drivers.till_escpos.sim import sale_bytes

PROFILES = Path(__file__).resolve().parents[3] / "device_configs"
AUTO = load_profile(PROFILES, "generic-auto", TillProfile)
ZH_32 = load_profile(PROFILES, "generic-zh-32", TillProfile)
HEADING = "品名                数量    金额"
LONG = [("泉未 天然矿泉水 550ml", 2, 250), ("小圆满 原味薯片 104g", 1, 1_250)]
SHORT = [("可乐", 3, 300), ("鸡蛋 12", 1, 500), ("可乐 330", 12, 250), ("米 10", 1, 2_572)]


def read(data: bytes, profile: TillProfile = AUTO) -> list[tuple[str, int, int]]:
    receipt, _ = read_stream(data, profile)
    assert (receipt.kind, receipt.fault) == ("sale", None)
    return [(line.name, line.qty_milli, line.amount_fen) for line in receipt.lines]


def paper(*rows: str, total: str) -> bytes:
    text = "\n".join(("老街便利店", *rows, "-" * 32, f"合计                       {total}"))
    return b"\x1b@" + text.encode("gb18030") + b"\n\n\x1dVB\x00"


def truth(items: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    return [(name, qty * 1_000, qty * fen) for name, qty, fen in items]


@pytest.mark.parametrize("profile", [AUTO, ZH_32], ids=["auto", "zh-32"])
@pytest.mark.parametrize("items", [LONG, [*LONG, *SHORT], SHORT], ids=["long", "both", "short"])
def test_a_pushed_count_under_its_heading_counts(
    profile: TillProfile, items: list[tuple[str, int, int]]
) -> None:
    assert read(sale_bytes("0042", items), profile) == truth(items)


@given(
    st.lists(
        st.tuples(
            st.text("茶水奶糖盐米面油", min_size=1, max_size=12).flatmap(
                lambda name: st.sampled_from([name, f"{name} 12", f"{name} 550ml", f"{name} 10包"])
            ),
            st.integers(1, 99),
            st.integers(1, 9_999),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda item: item[0],
    )
)
@settings(deadline=None, max_examples=25)
def test_every_name_of_any_length_keeps_its_own_figures(items: list[tuple[str, int, int]]) -> None:
    assert read(sale_bytes("0042", items)) == truth(items)


def test_without_a_heading_the_other_rows_say_where_counts_stand() -> None:
    rows = (
        "可乐                2       6.00",
        "泉未 天然矿泉水 550ml 3     7.50",
        "鸡蛋 12             1       5.00",
    )
    found = read(paper(*rows, total="18.50"))
    assert found == [
        ("可乐", 2_000, 600),
        ("泉未 天然矿泉水 550ml", 3_000, 750),
        ("鸡蛋 12", 1_000, 500),
    ]


def test_a_name_cut_to_its_column_touches_the_count() -> None:
    rows = (HEADING, "康师傅红烧牛肉面五连2      25.00", "可乐                1       3.00")
    found = read(paper(*rows, total="28.00"))
    assert found == [("康师傅红烧牛肉面五连", 2_000, 2_500), ("可乐", 1_000, 300)]


def test_a_till_that_counts_nothing_leaves_the_figure_to_the_name() -> None:
    rows = (
        HEADING,
        "可乐                        3.00",
        "雪碧                        3.00",
        "泉未 天然水新包装家庭 550  12.00",
    )
    assert read(paper(*rows, total="18.00"))[-1] == ("泉未 天然水新包装家庭 550", 1_000, 1_200)


def test_what_comes_back_has_its_count_too() -> None:
    rows = (
        "退货单",
        "原单号:5001",
        HEADING,
        "小圆满 原味薯片 104g -1    -12.50",
        "可乐               -2      -6.00",
        "合计                      -18.50",
    )
    data = b"\x1b@" + "\n".join(rows).encode("gb18030") + b"\n\n\x1dVB\x00"
    receipt, _ = read_stream(data, AUTO)
    assert (receipt.kind, receipt.fault, receipt.total_fen) == ("refund", None, 1_850)
    found = [(line.name, line.qty_milli, line.amount_fen) for line in receipt.lines]
    assert found == [("小圆满 原味薯片 104g", 1_000, 1_250), ("可乐", 2_000, 600)]

"""The sales table: filter, order, CSV."""

import csv
import io
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.console.sheets import Column, SalesQuery, arrange, to_csv
from cloud_broker.console.texts import texts
from cloud_broker.services.access.overview import SaleLineRow
from tests.unit.cloud_broker_console.console_fakes import sale

ROWS = tuple(sale(number) for number in range(9))
COLUMNS: tuple[Column, ...] = ("time", "store", "member", "points", "amount", "sync")


@given(st.permutations(ROWS), st.sampled_from(COLUMNS), st.booleans())
def test_sorting_loses_nothing(rows: list[object], column: Column, descending: bool) -> None:  # noqa: FBT001  # hypothesis gives it by position
    arranged = arrange(rows, SalesQuery(sort=column, descending=descending))  # type: ignore[arg-type]  # permutations of rows
    assert set(arranged) == set(ROWS)


def test_the_latest_come_first() -> None:
    assert arrange(reversed(ROWS), SalesQuery()) == ROWS


def test_a_sale_without_a_delay_sorts_below_all() -> None:
    rows = (*ROWS, sale(50, sync_ms=None))
    assert arrange(rows, SalesQuery(sort="sync", descending=False))[0].sync_ms is None


@pytest.mark.parametrize(
    ("words", "count"), [("", 9), ("成都", 3), ("李敏 上海", 3), ("7004", 1), ("wnn", 9), ("无", 0)]
)
def test_every_word_must_be_found(words: str, count: int) -> None:
    assert len(arrange(ROWS, SalesQuery(words))) == count


def test_pressing_a_head_turns_the_order_or_begins_sensibly() -> None:
    query = SalesQuery("面膜", UUID(int=7))
    assert query.sorted_by("time") == SalesQuery("面膜", UUID(int=7), "time", descending=False)
    assert query.sorted_by("amount").descending
    assert not query.sorted_by("store").descending


def test_the_address_carries_what_is_wanted() -> None:
    assert SalesQuery().address() == "/sales?sort=time&dir=desc"
    wanted = SalesQuery("a b", UUID(int=7), "amount", descending=False)
    assert wanted.address("/sales.csv") == (
        f"/sales.csv?q=a+b&store={UUID(int=7)}&sort=amount&dir=asc"
    )


def test_the_file_opens_in_a_spreadsheet() -> None:
    text = to_csv(ROWS, "Asia/Shanghai", texts("zh"))
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == len(ROWS)
    assert rows[0]["金额"] == "248.42"
    assert rows[0]["已省"] == "57.58"
    assert rows[0]["时间"] == "2026-11-03T10:12:04.000+08:00"
    assert rows[1]["会员"] == ""
    assert rows[0]["商品"] == "玉泽修护乳 50ml ×1; 薇诺娜面膜 ×2"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_name_from_a_receipt_never_runs_as_a_formula(name: str) -> None:
    line = SaleLineRow(1, "", name, 1000, 1, 1)
    text = to_csv((sale(0, till_receipt_no=name, lines=(line,)),), "UTC", texts("en"))
    row = next(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert row["Receipt no."] == f"'{name}"
    assert row["Articles"].startswith(("'", "="))


def test_a_refund_is_written_with_its_sign() -> None:
    text = to_csv((sale(0, shelf_fen=-30_600, total_fen=-24_805),), "UTC", texts("en"))
    row = next(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert row["Amount"] == "-248.05"
    assert row["Saved"] == "-57.95"

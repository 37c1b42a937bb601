"""Files of costs: every row that cannot be used is named, and nothing is guessed."""

from datetime import date
from uuid import UUID

import pytest

from cloud_broker.services.insight.costs import BYTES_MAX, ROWS_MAX, TEMPLATE, read_costs
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

STORES = {"上海店": UUID(int=1)}
HEAD = "channel,store,from,to,amount\n"


def test_the_template_can_be_taken_in() -> None:
    found = read_costs(TEMPLATE.encode(), STORES)
    assert found.bad == ()
    assert [(one.channel, one.store, one.cost.fen) for one in found.rows] == [
        ("ad:douyin", None, 1_200_000),
        ("system", UUID(int=1), 350_000),
    ]
    assert found.fen == 1_550_000


def test_spreadsheets_write_it_in_their_own_ways() -> None:
    text = "备注;渠道;开始;结束;金额\r\n\r\nx;WEB;2026/11/01;2026-11-30;¥1.50\r\n"
    (row,) = read_costs(text.encode("gb18030"), STORES).rows
    assert (row.row, row.channel, row.note) == (3, "web", "x")
    assert (row.cost.first, row.cost.last, row.cost.fen) == (
        date(2026, 11, 1),
        date(2026, 11, 30),
        150,
    )


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (",,2026-11-01,2026-11-01,1", "channel"),
        ("web,北京店,2026-11-01,2026-11-01,1", "store"),
        ("web,,2026-13-01,2026-11-01,1", "from"),
        ("web,,2026-11-02,2026-11-01,1", "to"),
        ("web,,2016-11-02,2026-12-01,1", "to"),
        ("web,,2026-11-01,2026-11-01,0", "amount"),
        ("web,,2026-11-01,2026-11-01,-3", "amount"),
        ("web,,2026-11-01,2026-11-01,1.005", "amount"),
        ("web,,2026-11-01,2026-11-01,NaN", "amount"),
        ("web,,2026-11-01,2026-11-01,1e15", "amount"),
        ("web,,2026-11-01", "to"),
    ],
)
def test_what_cannot_be_used_is_named(line: str, column: str) -> None:
    found = read_costs((HEAD + line).encode(), STORES)
    assert [(one.row, one.column) for one in found.bad] == [(2, column)]
    assert found.rows == ()


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"\x81\xff\xff", b"x" * (BYTES_MAX + 1)])
def test_what_is_no_file_of_costs_is_refused(content: bytes) -> None:
    with pytest.raises(Fault) as caught:
        read_costs(content, STORES)
    assert caught.value.code is FaultCode.COST_COLUMNS


def test_there_is_an_end_to_it() -> None:
    many = HEAD + "web,,2026-11-01,2026-11-01,1\n" * (ROWS_MAX + 5)
    found = read_costs(many.encode(), STORES)
    assert found.bad[-1].column == "row"
    assert len(found.rows) == ROWS_MAX + 1

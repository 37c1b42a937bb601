"""What the command line says of a file before it puts it in force."""

from datetime import date

import pytest

from cloud_broker.cli.masters import show_plan
from retail_core.catalog.masters import MasterKind
from retail_core.catalog.planning import Facts, plan


def test_a_column_that_was_not_read_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A day under a heading nobody knows would otherwise become a price of today unseen."""
    text = "code,name,from\nA1,总公司,2027-01-01\n"
    show_plan(plan(MasterKind.ENTITIES, text, Facts({}), today=date(2026, 11, 23)))
    said = capsys.readouterr().out
    assert "! from: 不认识的列,没有读 · an unknown column; it was not read" in said
    assert "2026-11-23" in said

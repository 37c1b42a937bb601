"""Laws of a file: twice is once, and an undo says what was said before."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from retail_core.catalog.masters import MasterKind
from retail_core.catalog.planning import Held
from retail_core.catalog.undoing import from_today, undo_text
from tests.factories.masters import EARLIER, NOTHING, TODAY, Table, after, planned

CELLS = st.fixed_dictionaries(
    {
        "sku": st.sampled_from(["A1", "A2", "A3"]),
        "name": st.sampled_from(["x", "y"]),
        "unit": st.just("支"),
        "price": st.sampled_from(["1.00", "2.00", "3.50"]),
        "brand": st.sampled_from(["", "甲"]),
        "barcodes": st.sampled_from(["", "B1", "B2", "B1|B3"]),
        "effective_from": st.sampled_from(["", "2026-11-25", "2026-12-01"]),
    }
)


def csv_of(rows: Sequence[Mapping[str, str]]) -> str:
    head = list(rows[0])
    return "\n".join([",".join(head), *(",".join(row[name] for name in head) for row in rows)])


@given(st.lists(CELLS, min_size=1, max_size=8), st.lists(CELLS, min_size=1, max_size=8))
def test_the_same_file_twice_changes_nothing_more(
    first: list[dict[str, str]], second: list[dict[str, str]]
) -> None:
    held = after(NOTHING, planned(MasterKind.ARTICLES, csv_of(first)))
    made = planned(MasterKind.ARTICLES, csv_of(second), held)
    again = planned(MasterKind.ARTICLES, csv_of(second), after(held, made))
    assert [row for row in again.effects if row.key not in {one.key for one in made.refused}] == []


@given(st.lists(CELLS, min_size=1, max_size=6), st.lists(CELLS, min_size=1, max_size=6))
def test_an_undo_says_what_was_said_before(
    first: list[dict[str, str]], second: list[dict[str, str]]
) -> None:
    """On every day that the import touched, unless a barcode found a new owner meanwhile."""
    plain = [{**row, "barcodes": ""} for row in (*first, *second)]
    held = after(NOTHING, planned(MasterKind.ARTICLES, csv_of(plain[: len(first)])))
    made = planned(MasterKind.ARTICLES, csv_of(plain[len(first) :]), held)
    known = [row for row in made.effects if row.before]
    if not known:
        return
    back = planned(
        MasterKind.ARTICLES,
        from_today(undo_text(MasterKind.ARTICLES, known), TODAY),
        after(held, made),
    )
    table = after(after(held, made), back)
    for row in known:
        if len({one.day for one in known if one.key == row.key}) == 1:
            days = [one for one in table[row.key] if one.day <= row.day]
            assert max(reversed(days), key=lambda one: one.day).cells == row.before


class TestUndo:
    def test_what_was_added_ends_and_days_that_are_over_begin_today(self) -> None:
        made = planned(MasterKind.PRICES, "sku,price,store\nA1,9,SH001\n")
        text = undo_text(MasterKind.PRICES, made.effects)
        assert text == "sku,price,region,store,effective_from\nA1,,,SH001,2026-11-22\n"
        later = from_today(text, TODAY + timedelta(days=3))
        assert later.endswith("A1,,,SH001,2026-11-25\n")

    def test_a_new_entity_stays_and_a_count_is_counted_again(self) -> None:
        made = planned(MasterKind.ENTITIES, "code,name\nE1,x\n")
        assert undo_text(MasterKind.ENTITIES, made.effects) == ""
        counted = planned(MasterKind.STOCK, "place,sku,qty\nSH001,A1,5\n")
        assert undo_text(MasterKind.STOCK, counted.effects) == ""

    def test_a_region_and_an_article(self) -> None:
        held: Table = {("A1", "r:华东"): [Held(EARLIER, {"price": "9.00"})]}
        made = planned(MasterKind.PRICES, "sku,price,region\nA1,8,华东\n", held)
        assert undo_text(MasterKind.PRICES, made.effects).endswith("A1,9.00,华东,,2026-11-22\n")
        new = planned(MasterKind.ARTICLES, "sku,name,unit,price\nA5,x,y,1\n")
        assert ",ended," in undo_text(MasterKind.ARTICLES, new.effects)

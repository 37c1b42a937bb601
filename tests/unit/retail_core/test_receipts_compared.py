"""A computed receipt beside a printed one."""

from hypothesis import given
from hypothesis import strategies as st

from retail_core.fusion.compare import Computed, Kind, Printed, differences

COLA = Computed("S1", "可乐", 2000, 600, 600)
BREAD = Computed("S2", "面包", 1000, 550, 500)


def kinds(
    computed: list[Computed], printed: list[Printed], totals: tuple[int, int] = (0, 0)
) -> list[Kind]:
    """Return what kinds of differences there are."""
    return [one.kind for one in differences(computed, printed, totals)]


def printed(line: Computed, **other: object) -> Printed:
    """Print a line as computed."""
    said = {"sku": line.sku, "name": line.name, "qty": line.qty_milli, "fen": line.net_fen, **other}
    return Printed(
        str(said["sku"]), str(said["name"]), int(str(said["qty"])), int(str(said["fen"]))
    )


def test_the_same_lines_agree_with_or_without_what_was_taken_off() -> None:
    assert kinds([COLA, BREAD], [printed(BREAD), printed(COLA)]) == []
    assert kinds([BREAD], [printed(BREAD, fen=550)]) == []


def test_a_till_may_print_two_of_a_kind_as_two_lines_and_as_one() -> None:
    half = Computed("S1", "可乐", 1000, 300, 300)
    assert kinds([half, half], [printed(COLA)]) == []
    assert kinds([COLA], [printed(half), printed(half)]) == []


def test_each_way_to_differ_has_its_name() -> None:
    assert kinds([COLA], [printed(COLA, fen=700)]) == [Kind.PRICE]
    assert kinds([COLA], [printed(COLA, qty=1000)]) == [Kind.QUANTITY]
    assert kinds([COLA, BREAD], [printed(COLA)]) == [Kind.MISSING]
    assert kinds([COLA], [printed(COLA), printed(BREAD)]) == [Kind.EXTRA]
    assert kinds([COLA], [printed(COLA), printed(BREAD, sku="", name="?")]) == [Kind.UNKNOWN]
    assert kinds([COLA], [printed(COLA)], (600, 580)) == [Kind.TOTAL]


def test_a_name_without_an_article_is_the_one_line_it_can_be() -> None:
    assert kinds([COLA, BREAD], [printed(COLA, sku="", name="KL"), printed(BREAD)]) == []
    keyed = Computed("", "", 1000, 420, 420)
    assert kinds([keyed], [Printed("S9", "苹果", 1000, 420)]) == []


def test_a_name_that_two_lines_could_have_is_neither() -> None:
    twin = Computed("S3", "雪碧", 2000, 600, 600)
    nameless = printed(COLA, sku="", name="KL")
    assert kinds([COLA, twin], [nameless, printed(twin)]) == [Kind.MISSING, Kind.UNKNOWN]


def test_a_difference_says_both_sides() -> None:
    (found,) = differences([COLA], [printed(COLA, fen=700)], (0, 0))
    assert (found.sku, found.computed_fen, found.printed_fen) == ("S1", 600, 700)
    assert (found.computed_milli, found.printed_milli) == (2000, 2000)


def test_two_lines_of_one_article_are_told_of_as_one() -> None:
    twice = [Computed("S1", "可乐", 1000, 400, 300), Computed("S1", "可乐罐", 2000, 800, 650)]
    (found,) = differences(twice, [], (0, 0))
    assert (found.kind, found.sku, found.name) == (Kind.MISSING, "S1", "可乐")
    assert (found.computed_fen, found.computed_milli) == (950, 3000)
    assert kinds(twice, [Printed("S1", "可乐", 3000, 1_200)]) == [], "the shelf's price of both"
    assert kinds(twice, [Printed("S1", "可乐", 3000, 1_201)]) == [Kind.PRICE]


LINES = st.lists(
    st.builds(
        Computed,
        st.sampled_from(["S1", "S2", "S3", "S4"]),
        st.just("x"),
        st.integers(1, 5000),
        amounts := st.integers(0, 10_000),
        amounts,
    ),
    max_size=8,
    unique_by=lambda one: one.sku,
)


@given(LINES, st.data())
def test_whatever_is_printed_as_computed_agrees_and_any_one_change_does_not(
    lines: list[Computed], data: st.DataObject
) -> None:
    shown = [printed(one) for one in lines]
    assert differences(lines, data.draw(st.permutations(shown)), (7, 7)) == ()
    if not lines:
        return
    place = data.draw(st.integers(0, len(lines) - 1))
    wrong = printed(lines[place], fen=lines[place].net_fen + lines[place].shelf_fen + 1)
    assert differences(lines, [*shown[:place], wrong, *shown[place + 1 :]], (7, 7))
    assert differences(lines, [*shown[:place], *shown[place + 1 :]], (7, 7))

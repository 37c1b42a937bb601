import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.money import Amount, allocate, divide_half_up, format_yuan, parse_yuan, percent_of


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "¥0.00"),
        (1, "¥0.01"),
        (99, "¥0.99"),
        (100, "¥1.00"),
        (123_450, "¥1,234.50"),
        (-5, "-¥0.05"),
        (-100_000_000, "-¥1,000,000.00"),
    ],
)
def test_amounts_are_written_for_people(fen: int, text: str) -> None:
    assert format_yuan(fen) == text


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("12", 1200),
        ("12.5", 1250),
        ("12.05", 1205),
        (" 12.50 ", 1250),
        ("¥12.50", 1250),
        ("￥12.50", 1250),
        ("1,234.50", 123_450),
        ("12,345,678", 1_234_567_800),
        ("1234.5", 123_450),
        ("-3.20", -320),
        ("-¥3.20", -320),
        ("１２．５０", 1250),
        ("　１２　", 1200),
    ],
)
def test_amounts_are_read(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "1.",
        ".5",
        "1.234",
        "1,23",
        "12,34.00",
        "1e3",
        "--1",
        "¥-1",
        "1 2",
        "½",
        "٣",
        "12元",
        "1.2.3",
        ",123",
        "1,,234",
        "nan",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a yuan amount"):
        parse_yuan(text)


@given(st.integers(-(10**12), 10**12))
def test_writing_and_reading_agree(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == fen


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"),
    [(1, 2, 1), (3, 2, 2), (-1, 2, 0), (-3, 2, -1), (4, 3, 1), (5, 3, 2), (0, 7, 0), (6, 3, 2)],
)
def test_halves_round_up(numerator: int, denominator: int, quotient: int) -> None:
    assert divide_half_up(numerator, denominator) == quotient


@pytest.mark.parametrize(
    ("fen", "permille", "share"),
    [
        (1000, 950, 950),
        (999, 500, 500),
        (10, 950, 10),
        (9, 950, 9),
        (10, 949, 9),
        (1, 499, 0),
        (1, 500, 1),
        (0, 950, 0),
        (123, 1000, 123),
    ],
)
def test_percentages_round_half_a_fen_up(fen: int, permille: int, share: int) -> None:
    assert percent_of(fen, permille) == share


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], (34, 33, 33)),
        (101, [1, 1, 1], (34, 34, 33)),
        (5, [3, 1], (4, 1)),
        (10, [0, 5], (0, 10)),
        (0, [0, 0], (0, 0)),
        (0, [3, 4], (0, 0)),
        (0, [], ()),
        (7, [2], (7,)),
        (-100, [1, 1, 1], (-34, -33, -33)),
        (1, [1, 2], (0, 1)),
        (1, [2, 2], (1, 0)),
        (3, [10, 20, 30], (1, 1, 1)),
    ],
)
def test_splits(total: int, weights: list[int], parts: tuple[int, ...]) -> None:
    assert allocate(total, weights) == parts


def test_a_split_needs_something_to_split_over() -> None:
    with pytest.raises(ValueError, match=r"^nothing to split"):
        allocate(1, [0, 0])
    with pytest.raises(ValueError, match=r"^nothing to split"):
        allocate(-1, [])
    with pytest.raises(ValueError, match=r"^weights may not be negative"):
        allocate(1, [2, -1])


@given(
    st.integers(-(10**6), 10**6),
    st.lists(st.integers(0, 1000), min_size=1, max_size=9).filter(any),
)
def test_a_split_is_exact_and_fair(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert allocate(-total, weights) == tuple(-part for part in parts)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


def test_an_amount_is_a_number_that_reads_as_yuan() -> None:
    due = Amount(27_410)
    assert (f"{due}", due + 1) == ("¥274.10", 27_411)

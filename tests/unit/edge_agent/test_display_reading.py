"""What a till shows its customers, read from the bytes: two families, any split, any noise."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.customer_display.frames import DisplayTokens, Token
from edge_agent.drivers.customer_display.reading import DisplayReader
from edge_agent.drivers.customer_display.screen import Screen
from edge_agent.drivers.customer_display.sim import Glass, epson_till, lamp_till, word_till

Shown = list[tuple[str, int | None]]
SALE = [("可口可乐330ml", 350), ("雀巢咖啡", 900)]
PRICES = [350, 900]
SOLD: Shown = [
    ("price", 350),
    ("price", 900),
    ("total", 1_250),
    ("received", 2_000),
    ("change", 750),
    ("clear", None),
]


def read(steps: list[bytes]) -> list[tuple[str, int | None, str]]:
    """Read steps with a pause behind each."""
    tokens, reader = DisplayTokens(), DisplayReader("till", "gb18030", 20)
    found = []
    for step in steps:
        for token in tokens.feed(step):
            reader.take(token)
        found += reader.settle(0)
    return [(one.kind, one.amount_fen, one.text) for one in found]


def kinds(steps: list[bytes]) -> Shown:
    return [(kind, fen) for kind, fen, _ in read(steps) if (kind, fen) != ("text", None)]


@pytest.mark.parametrize("lamp_first", [True, False])
def test_a_sale_in_figures(lamp_first: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    assert kinds(list(lamp_till(PRICES, 2_000, lamp_first=lamp_first))) == SOLD


@pytest.mark.parametrize("lamp_first", [True, False])
def test_a_sale_in_figures_without_pauses(lamp_first: bool) -> None:  # noqa: FBT001 -- as above
    steps = list(lamp_till(PRICES, 2_000, lamp_first=lamp_first))
    assert kinds([steps[0], b"".join(steps[1:6]), steps[6]]) == SOLD


def test_a_sale_in_words() -> None:
    found = read(list(word_till(SALE, 2_000)))
    assert found[0] == ("text", None, "欢迎光临")
    assert [(kind, fen) for kind, fen, _ in found[1:]] == SOLD
    assert found[1][2] == "单价:3.50"


def test_a_sale_in_epsons_manner() -> None:
    found = read(list(epson_till(SALE, 2_000)))
    assert [(kind, fen) for kind, fen, _ in found] == SOLD
    assert found[0][2] == "可口可乐330ml 3.50"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (b"\x0c\x1bQATOTAL\r\x1bQB  1,250.00\r", ("total", 125_000)),
        (b"\x0c\x1bQA\xba\xcf\xbc\xc6\r\x1bQB\xa3\xa4 12.50\r", ("total", 1_250)),
        (b"\x0cSUBTOTAL       12.50", ("subtotal", 1_250)),
        (b"\x0cMILK 2 x 3.50   7.00", ("price", 700)),
        (b"\x1bs2\x1bQA12\r", ("total", 1_200)),
        (b"\x1bs4\x1bQA-0.5\r", ("change", -50)),
        (b"\x1bs\x01\x1bQA 3.50\r", ("price", 350)),
        (b"\x1bQA8.00\r", ("price", 800)),
        (b"\x1bs0\x1bQA8.00\r", ("text", 800)),
    ],
)
def test_one_picture(shown: bytes, expected: tuple[str, int]) -> None:
    assert kinds([shown]) == [expected]


def test_noise_costs_no_more_than_itself() -> None:
    noise = b"\x1b\xff\x02\x99\x1bZ\x1f\x7f\x1bQZ"
    assert kinds([b"\x0c\x1bs2" + noise + b"\x1bs2\x1bQA12.50\r"])[-1] == ("total", 1_250)


def test_a_command_without_its_end_is_given_up_at_the_next() -> None:
    assert kinds([b"\x0c\x1bQA12.5\x1bs2\x1bQA12.50\r"])[-1] == ("total", 1_250)


def test_what_never_ends_is_given_up_after_a_pause() -> None:
    tokens = DisplayTokens()
    assert tokens.feed(b"\x1bQA12.50") == []
    assert tokens.unread
    assert b"".join(one.raw for one in tokens.flush()) == b"\x1bQA12.50"
    assert tokens.flush() == []


def test_four_bytes_of_gb18030_are_one_character() -> None:
    raw = "㐂12.50".encode("gb18030")
    tokens = DisplayTokens()
    texts = [token for byte in raw for token in tokens.feed(bytes((byte,)))]
    assert next(one.rest for one in texts) == raw[:4]


def test_a_western_letter_at_the_end_is_text() -> None:
    tokens = DisplayTokens()
    assert [one.rest for one in tokens.feed(b"caf\x82")] == [b"caf"]
    assert tokens.flush() == [Token(b"", b"\x82")]


STREAMS = st.lists(
    st.sampled_from([*word_till(SALE, 2_000), *lamp_till(PRICES, 2_000), *epson_till(SALE, 2_000)])
    | st.binary(max_size=12),
    max_size=8,
).map(b"".join)


@given(STREAMS, st.randoms(use_true_random=False))
def test_law_splits_change_nothing_and_no_byte_is_lost(data: bytes, rnd: random.Random) -> None:
    cuts = sorted({0, len(data), *(rnd.randrange(len(data) + 1) for _ in range(6))})
    whole, split = DisplayTokens(), DisplayTokens()
    at_once = [*whole.feed(data), *whole.flush()]
    in_parts = [token for a, b in pairwise(cuts) for token in split.feed(data[a:b])]
    in_parts += split.flush()
    for tokens in (at_once, in_parts):
        raw = b"".join(one.raw for one in tokens)
        assert raw + (whole.unread if tokens is at_once else split.unread) == data
    assert _painted(at_once) == _painted(in_parts)


def _painted(tokens: list[Token]) -> bytes:
    screen = Screen()
    for token in tokens:
        screen.apply(token)
    return screen.paint()


@given(
    st.lists(
        st.sampled_from(
            [*word_till(SALE, 2_000), *lamp_till(PRICES, 2_000), *epson_till(SALE, 2_000)]
        ),
        min_size=1,
        max_size=6,
    )
)
def test_law_painting_brings_the_tills_picture_back(steps: list[bytes]) -> None:
    shown = b"\x1b@" + b"".join(steps)
    screen, tokens = Screen(), DisplayTokens()
    for token in tokens.feed(shown):
        screen.apply(token)
    before = Glass(shown)
    greeted = shown + b"\x0c\x1bs0\x1bQAHELLO\r\x1bQBSAVED 3.20\r"
    after = Glass(greeted + screen.paint())
    assert (after.rows, after.lamp) == (before.rows, before.lamp)
    assert after.drawer_opened == before.drawer_opened
    assert Glass(greeted + screen.paint() + b"x").rows == Glass(shown + b"x").rows


def test_chinese_comes_back_in_chinese_and_the_tills_alphabet_behind_it() -> None:
    word = "合计".encode("gb18030")
    painted = _painted(DisplayTokens().feed(b"\x0c\x1c&" + word + b"\x1c.\x1c&" + word + b"\x1c."))
    before, _, behind = painted.partition(word * 2)
    assert before.endswith((b"\x1c&", b"\x1c&\x0b"))
    assert b"\x1c." in behind
    assert b"\x1c&" not in behind
    on_again = _painted(DisplayTokens().feed(b"\x0c\x1c&\x1c.\x1c&" + word))
    assert b"\x1c." not in on_again


@pytest.mark.parametrize("column", [1, 2])
def test_half_a_character_written_over_moves_nothing(column: int) -> None:
    shown = b"\x0c" + "中".encode("gb18030") + b"AB\x1bl" + bytes((column, 1)) + b"x"
    row = Glass(_painted(DisplayTokens().feed(shown))).rows[0]
    assert row == "x AB" if column == 1 else row == " xAB"

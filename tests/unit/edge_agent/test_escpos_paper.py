"""What the printer's head leaves on paper: columns, alphabets, pages, devices."""

import pytest

from edge_agent.drivers.till_escpos.alphabet import guess_encoding
from edge_agent.drivers.till_escpos.frames import Tokenizer
from edge_agent.drivers.till_escpos.layout import Segment, Sheet, columns_of
from edge_agent.drivers.till_escpos.paper import Paper


def sheet_of(stream: bytes, encoding: str = "auto") -> Sheet:
    paper, tokenizer = Paper(encoding=encoding), Tokenizer()
    paper.write(tokenizer.feed(stream) + tokenizer.finish())
    return paper.sheet()


def texts(stream: bytes) -> list[str]:
    return [line.text for line in sheet_of(stream).lines]


def cells(stream: bytes) -> list[tuple[int, str]]:
    (line,) = sheet_of(stream).lines
    return [(segment.column, segment.text) for segment in line.segments]


def test_blanks_make_columns_only_in_pairs() -> None:
    assert cells(b"Cola zero  2    7.00") == [(0, "Cola zero"), (11, "2"), (16, "7.00")]


def test_chinese_characters_take_two_columns() -> None:
    assert cells("可乐  2  7.00".encode("gb18030")) == [(0, "可乐"), (6, "2"), (9, "7.00")]
    assert columns_of("可乐2L") == 6


def test_tabs_go_to_stops_and_split_even_without_room() -> None:
    assert cells(b"Cola\t2\t7.00") == [(0, "Cola"), (8, "2"), (16, "7.00")]
    assert cells(b"\x1bD\x14\x1a\x00Cola\t2\t7.00") == [(0, "Cola"), (20, "2"), (26, "7.00")]
    assert cells(b"1234567\t8") == [(0, "1234567"), (8, "8")]


def test_dots_place_text_in_any_order() -> None:
    stream = b"\x1b$\xf0\x007.00\x1b$\x00\x00Cola\x1b\\\x18\x00x"
    assert cells(stream) == [(0, "Cola"), (6, "x"), (20, "7.00")]


def test_wide_letters_take_twice_the_room() -> None:
    assert cells(b"\x1d!\x10AB  C") == [(0, "AB"), (8, "C")]
    assert sheet_of(b"\x1b!\x20A\n\x1b!\x00B\n\x1c!\x08C\n\x1cW\x01D").lines[0].big
    assert [line.big for line in sheet_of(b"\x1b!\x20A\n\x1b!\x00B\n\x1cW\x01C").lines] == [
        True,
        False,
        True,
    ]


def test_the_small_font_is_narrower() -> None:
    assert cells(b"\x1bM\x0112345678  x") == [(0, "12345678"), (8, "x")]


def test_the_margin_moves_the_line() -> None:
    assert cells(b"\x1dL\x18\x00A") == [(2, "A")]


def test_feeds_end_lines() -> None:
    assert texts(b"a\nb\x1bd\x02c\x1bJ\x1ed\r\ne\rf") == ["a", "b", "c", "d", "e", "f"]


def test_a_reset_forgets_settings_but_not_paper() -> None:
    assert texts(b"\x1c&\x1b@\x1bt\x02\x81\n\x1b!\x20x") == ["ü", "x"]


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        ("面包".encode("gb18030"), "面包"),
        ("面包".encode(), "面包"),
        (b"\x1c&" + "镕".encode("gb18030"), "镕"),
        (b"\x1c&" + "𠮷".encode("gb18030"), "𠮷"),
        ("Käse".encode("cp437"), "Käse"),
        (b"\x1bt\x10" + "Käse €".encode("cp1252"), "Käse €"),
        (b"\x1bt\x11" + "Молоко".encode("cp866"), "Молоко"),
        (b"\x1c.\x1bt\x2e" + "Молоко".encode("cp1251"), "Молоко"),
        (b"\x1c.\xc3\xe6", "├µ"),
        (b"\x1bt\x13" + "Käse 2×3 €".encode("cp858"), "Käse 2×3 €"),
        (b"\x1bt\x13" + "İNDİRİM Şeker".encode("cp857"), "İNDİRİM Şeker"),
        (b"\x1bR\x03#5.00", "£5.00"),
        (b"\x1bR\x02K{se", "Käse"),
        (b"\x1bR\x0f$5.00", "¥5.00"),
        (b"\x1bR\xee$5.00", "$5.00"),
        (b"\x1bt\xfe" + "面包".encode("gb18030"), "面包"),
    ],
)
def test_the_alphabet_is_what_was_told_or_what_the_bytes_show(stream: bytes, text: str) -> None:
    assert texts(stream) == [text]


def test_the_profile_overrules() -> None:
    assert sheet_of("麵包".encode("big5"), "big5").text == "麵包"
    paper, tokenizer = Paper(code_pages={19: "cp857"}), Tokenizer()
    paper.write(tokenizer.feed(b"\x1bt\x13" + "İş".encode("cp857")))
    assert paper.sheet().text == "İş"


def test_a_letter_split_between_two_reads_is_whole() -> None:
    paper, tokenizer = Paper(), Tokenizer()
    for byte in b"\x1c&" + "面包".encode("gb18030"):
        paper.write(tokenizer.feed(bytes((byte,))))
    assert paper.sheet().text == "面包"


def test_foreign_words_are_not_taken_for_chinese() -> None:
    assert guess_encoding(["Молоко Хлеб".encode("cp1251")]) is None
    assert guess_encoding(["Größe Äpfel".encode("cp1252")]) is None
    assert guess_encoding([b"plain"]) is None


def test_page_mode_is_read_from_top_to_bottom() -> None:
    stream = b"\x1bL\x1d$\x3c\x00below\x1d$\x00\x00\x1b$\x00\x00above\x1b$\x78\x007.00\x0cafter"
    assert texts(stream) == ["above  7.00", "below", "after"]
    assert texts(b"\x1bLone\ntwo\x1bS") == ["one", "two"]
    assert texts(b"\x1bLone\ntwo") == ["one", "two"]


def test_what_is_for_the_display_is_not_on_paper() -> None:
    assert texts(b"\x1b=\x02TOTAL 5.00\x1b=\x01paper") == ["paper"]


def test_bar_codes_and_pictures_are_noted() -> None:
    sheet = sheet_of(b"\x1dk\x04ABC\x00\x1dkI\x05{B123\x1dv0\x00\x01\x00\x02\x00ab\x1dV\x00")
    assert sheet.bar_codes == ("ABC", "123")
    assert sheet.raster_bytes == 8
    assert sheet.cut
    assert not sheet.cut_off


def test_tearing_off_keeps_the_settings() -> None:
    paper, tokenizer = Paper(), Tokenizer()
    paper.write(tokenizer.feed(b"\x1c&" + "镕\n".encode("gb18030")))
    assert paper.tear_off().text == "镕"
    paper.write(tokenizer.feed("镕\n".encode("gb18030")))
    assert paper.tear_off().lines[0].segments == (Segment(0, "镕"),)
    assert paper.tear_off() == Sheet(lines=())

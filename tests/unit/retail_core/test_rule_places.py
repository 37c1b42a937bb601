"""The line on which a refused rule or field stands in its text."""

import json

import pytest

from retail_core.pricing.wording.places import line_of

TEXT = """{
  "version": 1,
  "earn": {"id": "e",
    "fen_per_point": 0},
  "offers": [
    {"kind": "tier_price", "name": "id\\": \\"b", "id": "a",
      "permille": 950},
    {
      "permille": 9,
      "when": {
        "slots": [],
        "valid_until": "x"
      },
      "slots": [{"end": 1}],
      "id": "b券"
    }
  ]
}
"""


@pytest.mark.parametrize(
    ("owner", "field", "line"),
    [
        ("a", "permille", 7),
        ("a", "id", 6),
        ("a", "", 6),
        ("a", "nothing", 6),
        ("b券", "permille", 9),
        ("b券", "when.valid_until", 12),
        ("b券", "when.tags_none", 10),
        ("b券", "when.slots", 11),
        ("b券", "slots[0].end", 14),
        ("bundle", "earn.fen_per_point", 4),
        ("bundle", "version", 2),
        ("bundle", "", None),
        ("bundle", "nothing", None),
        ("nobody", "permille", 7),
    ],
)
def test_the_line_of_a_field(owner: str, field: str, line: int | None) -> None:
    assert line_of(TEXT, owner, field) == line


def test_an_id_may_be_written_with_escapes() -> None:
    text = "{\n" + json.dumps({"id": "券"}) + "}"
    assert line_of(text, "券", "id") == 2


@pytest.mark.parametrize("reason", ["JSON is malformed: x (byte 14)", "第 14 字节起不是 JSON"])
def test_a_reader_says_the_byte(reason: str) -> None:
    assert line_of('{"券":\n1,\n\n}', "bundle", "", reason) == 4
    assert line_of("{", "bundle", "", reason) == 1


def test_what_is_no_json_has_no_lines_to_fall_over() -> None:
    for text in ("", "]}", '"', '{"id": "a"', '{"id": "\\q"}'):
        assert line_of(text, "a", "id") in {None, 1}

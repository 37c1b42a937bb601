"""What a box and the cloud say of twin, commands and release: whole, bounded, refused by code."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import (
    COMMANDS_MAX,
    KEYS_MAX,
    WORD_BYTES_MAX,
    CommandSheet,
    CommandTold,
    FleetSheet,
    FleetWord,
    KeyTold,
    ReleaseWish,
    UpdateTold,
    decode_sheet,
    decode_word,
)

ID = bytes(range(16))
WORD = FleetWord(
    1, 7,
    (
        KeyTold("language", "applied", "zh"),
        KeyTold("network.metered", "refused", code="F132", value=True),
    ),
    (ID,),
    (CommandTold(ID, "failed", "F201", "why"),),
    UpdateTold(3, "1.2.0", 4, "trial", "", 2, 1, "basket"),
)  # fmt: skip
SHEET = FleetSheet(
    1, 8, {"language": "en", "clerks.idle_minutes": 5, "network.metered": False},
    (CommandSheet(ID, "fixup", {"name": "send-again"}, 60_000, dry=True),),
    (CommandSheet(ID, "logs"),),
    (ID,),
    ReleaseWish(4, "1.3.0", back=True, sales=2, window_from=120, window_to=300, hold_s=90),
)  # fmt: skip
encode = msgspec.msgpack.encode
READERS = [decode_word, decode_sheet]


def refusal(read: Callable[[bytes], object], content: bytes) -> Fault:
    with pytest.raises(Fault) as caught:
        read(content)
    return caught.value


def test_a_word_and_a_sheet_come_back_whole() -> None:
    assert decode_word(encode(WORD)) == WORD
    assert decode_sheet(encode(SHEET)) == SHEET


def test_the_least_that_may_be_said() -> None:
    assert decode_word(encode([1, 0])) == FleetWord(1, 0, (), (), (), None)
    assert decode_sheet(encode([1, 0])) == FleetSheet(1, 0, {}, (), (), (), None)


def test_what_a_newer_peer_adds_at_the_end_is_passed_over() -> None:
    assert decode_word(encode([*msgspec.structs.astuple(WORD), "newer"])) == WORD
    assert decode_sheet(encode([*msgspec.structs.astuple(SHEET), "newer"])) == SHEET


@pytest.mark.parametrize("read", READERS)
def test_a_word_over_the_limit_is_not_even_looked_at(read: Callable[[bytes], object]) -> None:
    refused = refusal(read, bytes(WORD_BYTES_MAX + 1))
    assert (refused.code, refused.fields) == (
        FaultCode.WIRE_TOO_LARGE,
        {"limit": WORD_BYTES_MAX},
    )
    assert refusal(read, bytes(WORD_BYTES_MAX)).code is FaultCode.WIRE_MALFORMED


@pytest.mark.parametrize("read", READERS)
@given(st.binary(max_size=40))
def test_rubbish_is_malformed(read: Callable[[bytes], object], rubbish: bytes) -> None:
    assert refusal(read, b"\xc0" + rubbish).code is FaultCode.WIRE_MALFORMED


@pytest.mark.parametrize(
    "content",
    [
        [],
        [1],
        [1, -1],
        ["1", 0],
        [1, 0, [["language", "applied"]] * (KEYS_MAX + 1)],
        [1, 0, [["language", "applied", 1.5]]],
        [1, 0, [["language", "applied", "x" * 16_385]]],
        [1, 0, [], [ID[:15]]],
        [1, 0, [], [ID] * (COMMANDS_MAX + 1)],
        [1, 0, [], [], [[ID, "done"]] * (COMMANDS_MAX + 1)],
        [1, 0, [], [], [[ID, "done", "", "x" * 2_001]]],
    ],
)
def test_words_that_break_a_bound_are_malformed(content: list[Any]) -> None:
    assert refusal(decode_word, encode(content)).code is FaultCode.WIRE_MALFORMED


def test_words_as_long_as_the_bounds_are_read() -> None:
    told = [["k", "applied", "x" * 16]] * KEYS_MAX
    ended = [[ID, "done", "", "x" * 2_000]] * COMMANDS_MAX
    found = decode_word(encode([1, 0, told, [ID] * COMMANDS_MAX, ended]))
    assert (len(found.keys), len(found.starts), len(found.ended)) == (
        KEYS_MAX,
        COMMANDS_MAX,
        COMMANDS_MAX,
    )

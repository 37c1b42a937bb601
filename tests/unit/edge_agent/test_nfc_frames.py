"""The dialogue with a card, without any reader: `converse` plays the transport."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.nfc_pcsc.frames import (
    CAPABILITY_FILE,
    NDEF_APPLICATION,
    CardRefusedError,
    TagContent,
    ask,
    get_uid,
    parse_answer,
    parse_capability,
    read_binary,
    read_tag,
    select_application,
    select_file,
)
from edge_agent.drivers.nfc_pcsc.ndef import uri_message
from edge_agent.drivers.nfc_pcsc.sim import Card, ForeignCard
from retail_core.limits import NDEF_BYTES_MAX

UID = bytes.fromhex("04A1B2C3D4E5F6")
NDEF_FILE = 0xE104


class WrittenTag:
    """A Type 4 Tag with a message of any length, and a reader that takes `read_max` at a time."""

    atr = b""

    def __init__(
        self, message: bytes, *, read_max: int = 0x3B, size: int = 4096, claims: int | None = None
    ) -> None:
        stated = len(message) if claims is None else claims
        capability = b"\x00\x0f\x20" + read_max.to_bytes(2, "big") + b"\x00\x34"
        capability += b"\x04\x06\xe1\x04" + size.to_bytes(2, "big") + b"\x00\x00"
        self.files = {
            CAPABILITY_FILE: capability,
            NDEF_FILE: stated.to_bytes(2, "big") + message,
        }
        self.selected = 0
        self.commands: list[bytes] = []

    def reset(self) -> None:
        self.selected = 0

    def answer(self, command: bytes) -> bytes:
        self.commands.append(command)
        if command == get_uid():
            return UID + b"\x90\x00"
        if command == select_application(NDEF_APPLICATION):
            return b"\x90\x00"
        if command[1] == 0xA4:
            self.selected = int.from_bytes(command[5:7], "big")
            return b"\x90\x00"
        offset = int.from_bytes(command[2:4], "big")
        return self.files[self.selected][offset : offset + command[4]] + b"\x90\x00"


def converse(card: Card) -> TagContent:
    dialogue = read_tag()
    command = next(dialogue)
    while True:
        try:
            command = dialogue.send(card.answer(command))
        except StopIteration as finished:
            content: TagContent = finished.value
            return content


@given(st.text(max_size=600), st.integers(min_value=0, max_value=0xFFFF))
def test_any_uri_is_read_in_chunks_of_any_size(uri: str, read_max: int) -> None:
    card = WrittenTag(uri_message(uri), read_max=read_max)
    assert converse(card) == TagContent(UID, uri)


def test_a_short_uri_takes_six_commands() -> None:
    card = WrittenTag(uri_message("https://regulars.invalid/c?e=00"), read_max=0xF0)
    converse(card)
    assert len(card.commands) == 6


def test_a_card_that_refuses_everything_is_foreign() -> None:
    assert converse(ForeignCard(UID)) == TagContent(UID, None)


def test_a_reader_without_uid_command_still_reads_the_tag() -> None:
    class NoUid(WrittenTag):
        def answer(self, command: bytes) -> bytes:
            return b"\x6a\x81" if command == get_uid() else super().answer(command)

    assert converse(NoUid(uri_message("tel:1"))) == TagContent(b"", "tel:1")


@pytest.mark.parametrize(
    "card",
    [
        pytest.param(WrittenTag(b"", claims=0), id="empty message"),
        pytest.param(WrittenTag(uri_message("tel:1"), claims=500), id="claims more than there is"),
        pytest.param(WrittenTag(uri_message("tel:1"), size=4), id="longer than its file"),
        pytest.param(WrittenTag(uri_message("tel:1"), claims=0xFFFF), id="claims 64 kB"),
    ],
)
def test_a_tag_that_lies_about_its_length_is_foreign(card: WrittenTag) -> None:
    assert converse(card).uri is None


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_any_answers_end_the_dialogue(answers: list[bytes]) -> None:
    class Babbling:
        atr = b""

        def reset(self) -> None:
            return

        def answer(self, command: bytes) -> bytes:
            return answers.pop() if answers else b""

    converse(Babbling())


def test_a_wrong_length_is_said_again() -> None:
    talk = ask(read_binary(0, 0x40))
    assert next(talk) == read_binary(0, 0x40)
    assert talk.send(b"\x6c\x0f") == read_binary(0, 0x0F)
    with pytest.raises(StopIteration) as finished:
        talk.send(b"data\x90\x00")
    assert finished.value.value == b"data"


def test_waiting_bytes_are_fetched() -> None:
    talk = ask(select_application(NDEF_APPLICATION))
    next(talk)
    assert talk.send(b"ab\x61\x02") == bytes.fromhex("00C0000002")
    with pytest.raises(StopIteration) as finished:
        talk.send(b"cd\x90\x00")
    assert finished.value.value == b"abcd"


def test_a_card_that_always_has_more_is_refused_in_the_end() -> None:
    talk = ask(get_uid())
    next(talk)
    more = bytes(255) + b"\x61\xff"
    for _ in range(NDEF_BYTES_MAX // 255):
        talk.send(more)
    with pytest.raises(CardRefusedError):
        talk.send(more)


def test_a_refusal_carries_its_status() -> None:
    talk = ask(select_file(CAPABILITY_FILE))
    next(talk)
    with pytest.raises(CardRefusedError, match="6A82") as refused:
        talk.send(b"\x6a\x82")
    assert refused.value.status == 0x6A82


@pytest.mark.parametrize("raw", [b"", b"\x90"])
def test_less_than_a_status_is_no_success(raw: bytes) -> None:
    assert not parse_answer(raw).ok


@given(st.binary(max_size=14))
def test_a_short_capability_container_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="capability"):
        parse_capability(data)


def test_apdus_are_those_of_the_standard() -> None:
    assert get_uid().hex() == "ffca000000"
    assert select_application(NDEF_APPLICATION).hex() == "00a4040007d276000085010100"
    assert select_file(CAPABILITY_FILE).hex() == "00a4000c02e103"
    assert read_binary(0x0102, 256).hex() == "00b0010200"

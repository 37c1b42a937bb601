"""Writing a link on a tag, without a reader."""

from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.nfc_pcsc.frames import (
    CardRefusedError,
    TagContent,
    converse,
    read_tag,
    update_binary,
    write_tag,
)
from edge_agent.drivers.nfc_pcsc.ndef import uri_message
from edge_agent.drivers.nfc_pcsc.sim import (
    Card,
    FlightyCard,
    ForeignCard,
    LeftFieldError,
    Ntag424,
    WritableTag,
)
from edge_agent.drivers.nfc_pcsc.transport import CardLeftError, PcscError, Presence
from edge_agent.drivers.nfc_pcsc.writer import TagDesk
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

UID = bytes.fromhex("04A1B2C3D4E5F6")
LANE = "https://club.example/lane/3?t=abc"


def write(card: Card, uri: str = LANE) -> TagContent:
    return converse(write_tag(uri_message(uri)), card.answer)


def test_update_binary_is_that_of_the_standard() -> None:
    assert update_binary(2, b"ab").hex() == "00d6000202" + "6162"


@given(st.text(max_size=200), st.integers(2, 300))
def test_what_is_written_is_read_in_pieces_of_any_size(uri: str, write_max: int) -> None:
    tag = WritableTag(UID, size=1024, write_max=write_max)
    assert write(tag, uri) == TagContent(UID, uri)
    tag.reset()
    assert converse(read_tag(), tag.answer) == TagContent(UID, uri)


def test_a_shorter_link_leaves_nothing_of_a_longer_one() -> None:
    tag = WritableTag(UID)
    write(tag, LANE * 3)
    assert write(tag).uri == LANE


@pytest.mark.parametrize(
    ("card", "why"),
    [
        pytest.param(WritableTag(UID, locked=True), "read-only", id="locked"),
        pytest.param(WritableTag(UID, write_max=1), "read-only", id="a byte at a time"),
        pytest.param(WritableTag(UID, size=16), "do not fit", id="too small"),
    ],
)
def test_a_tag_that_cannot_take_it_is_left_alone(card: WritableTag, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        write(card)
    card.reset()
    assert converse(read_tag(), card.answer).uri is None


def test_a_member_card_is_not_written_over() -> None:
    card = Ntag424(UID, meta_key=bytes(16), file_key=bytes(16))
    with pytest.raises((CardRefusedError, ValueError)):
        write(card)


@pytest.mark.parametrize("commands", range(5, 8))
def test_a_tag_pulled_away_is_empty_not_half_written(commands: int) -> None:
    tag = WritableTag(UID, write_max=12)
    write(tag, "https://old.example/")
    tag.reset()
    with pytest.raises(LeftFieldError):
        write(FlightyCard(tag, commands=commands))
    tag.reset()
    assert converse(read_tag(), tag.answer).uri is None


# ---- the desk -----------------------------------------------------------------------------------


class Reader:
    """One reader with a card that came after a few looks; stands for session and link."""

    def __init__(self, card: Card | None, *, after: int = 1) -> None:
        self.card = card
        self.looks = after
        self.closed = False

    def readers(self) -> tuple[str, ...]:
        return ("Bench 00",)

    def wait(self, readers: tuple[str, ...], *, timeout_ms: int) -> tuple[Presence, ...]:
        self.looks -= 1
        there = self.card is not None and self.looks < 0
        return tuple(Presence(name, there, 1) for name in readers)

    def open(self, reader: str) -> "Reader":
        return self

    def transmit(self, command: bytes) -> bytes:
        assert self.card is not None
        try:
            return self.card.answer(command)
        except LeftFieldError:
            raise CardLeftError from None

    def cancel(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        return


def desk(reader: Reader, wanted: str = "Bench") -> TagDesk:
    return TagDesk(wanted, wait_s=0.2, connect=lambda: reader)


def fault_of(reader: Reader, wanted: str = "Bench") -> FaultCode:
    with pytest.raises(Fault) as caught:
        desk(reader, wanted).write(LANE)
    assert reader.closed
    return caught.value.code


def test_the_desk_waits_for_a_tag_and_writes_it() -> None:
    reader = Reader(WritableTag(UID), after=3)
    assert desk(reader).write(LANE) == TagContent(UID, LANE)
    assert desk(reader).show() == TagContent(UID, LANE)
    assert reader.closed


def test_what_stands_in_the_way_has_its_code() -> None:
    assert fault_of(Reader(None)) is FaultCode.NFC_NO_TAP
    assert fault_of(Reader(WritableTag(UID)), wanted="ACR") is FaultCode.NFC_NO_TAP
    assert fault_of(Reader(ForeignCard(UID))) is FaultCode.NFC_TAG_LOCKED
    flighty = FlightyCard(WritableTag(UID), commands=2)
    assert fault_of(Reader(flighty)) is FaultCode.NFC_CARD_REMOVED


def test_without_the_service_there_is_no_reader() -> None:
    def refuse() -> Reader:
        raise PcscError("SCardEstablishContext", 0)

    with pytest.raises(Fault) as caught:
        TagDesk(wait_s=0.1, connect=refuse).show()
    assert caught.value.code is FaultCode.NFC_READER_GONE

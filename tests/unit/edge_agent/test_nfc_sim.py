"""The cards we play, checked from the outside by the verifier of the core."""

import pytest

from edge_agent.drivers.nfc_pcsc.frames import TagContent, get_uid, read_binary, read_tag
from edge_agent.drivers.nfc_pcsc.sim import (
    Card,
    FlightyCard,
    ForeignCard,
    LeftFieldError,
    Ntag424,
    contactless_atr,
)
from retail_core.identity.sun import file_key, verify_sun

UID = bytes.fromhex("04A1B2C3D4E5F6")
META_KEY = bytes(range(16))
MASTER_KEY = bytes(range(16, 32))


def member_card(reads: int = 0, read_max: int = 256) -> Ntag424:
    return Ntag424(
        UID,
        meta_key=META_KEY,
        file_key=file_key(MASTER_KEY, UID),
        reads=reads,
        read_max=read_max,
    )


def converse(card: Card) -> TagContent:
    dialogue = read_tag()
    command = next(dialogue)
    while True:
        try:
            command = dialogue.send(card.answer(command))
        except StopIteration as finished:
            content: TagContent = finished.value
            return content


def counter_of(content: TagContent) -> int:
    assert content.uri is not None
    return verify_sun(content.uri, META_KEY, MASTER_KEY).counter


def test_each_read_is_signed_with_the_next_counter() -> None:
    card = member_card(reads=41)
    assert [counter_of(converse(card)) for _ in range(3)] == [42, 43, 44]


@pytest.mark.parametrize("read_max", [15, 16, 59, 255])
def test_a_read_in_chunks_counts_once(read_max: int) -> None:
    assert counter_of(converse(member_card(read_max=read_max))) == 1


def test_the_counter_stops_at_its_end() -> None:
    card = member_card(reads=0xFFFFFF - 1)
    assert [counter_of(converse(card)) for _ in range(2)] == [0xFFFFFF, 0xFFFFFF]


def test_power_off_forgets_what_was_selected() -> None:
    card = member_card()
    converse(card)
    card.reset()
    assert card.answer(read_binary(0, 2)) == b"\x69\x86"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00A4000C02E104", "6A82"),
        ("00A4040003F0010200", "6A82"),
        ("00B0000010", "6986"),
        ("90600000", "6D00"),
    ],
)
def test_what_the_chip_does_not_do_it_refuses(command: str, status: str) -> None:
    assert member_card().answer(bytes.fromhex(command)) == bytes.fromhex(status)


def test_a_read_behind_the_file_is_refused() -> None:
    card = member_card()
    converse(card)
    assert card.answer(read_binary(257, 1)) == b"\x6b\x00"


def test_a_flighty_card_leaves_after_its_commands() -> None:
    card = FlightyCard(ForeignCard(UID), commands=1)
    card.reset()
    assert card.answer(get_uid()) == UID + b"\x90\x00"
    with pytest.raises(LeftFieldError):
        card.answer(get_uid())


def test_the_atr_carries_its_check_byte() -> None:
    assert contactless_atr().hex() == "3b80800101"
    assert contactless_atr(b"\x06\x77").hex() == "3b828001067772"

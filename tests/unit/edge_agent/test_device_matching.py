"""Who is who among adapters: serial numbers, voices, sockets, and when to say nothing."""

from dataclasses import replace

import pytest

from edge_agent.domain.devices import (
    Claim,
    DeviceKind,
    How,
    Identity,
    Match,
    Memory,
    Seen,
    Standing,
    Voice,
    match,
    settle,
    unclaimed,
)
from edge_agent.domain.voices import voice_of

FTDI = Identity(DeviceKind.LINE, "0403", "6001", "A50285BI", "00", "1-1.1", ("1a40:0101:",))
CLONE = replace(FTDI, vendor="1a86", product="7523", serial="")


def seen(path: str, identity: Identity, instance: str = "4") -> Seen:
    return Seen(path, identity, instance)


def at(socket: str) -> Identity:
    return replace(CLONE, socket=socket)


def found(matches: dict[str, Match], name: str) -> tuple[str, How | None]:
    one = matches[name]
    assert one.standing is Standing.FOUND
    assert one.seen is not None
    return one.seen.path, one.how


TWINS = (Claim("till", at("1-1.1")), Claim("printer", at("1-1.2")))
PLUGGED = (seen("/dev/ttyUSB0", at("1-1.1")), seen("/dev/ttyUSB1", at("1-1.2"), "5"))


def test_a_serial_number_is_known_in_any_socket() -> None:
    moved = seen("/dev/ttyUSB7", replace(FTDI, socket="2-3", hubs=()))
    matches = match([Claim("till", FTDI)], [moved], Memory())
    assert found(matches, "till") == ("/dev/ttyUSB7", How.SERIAL)


def test_another_serial_number_in_the_same_socket_is_another_device() -> None:
    other = seen("/dev/ttyUSB0", replace(FTDI, serial="B1"))
    assert match([Claim("till", FTDI)], [other], Memory())["till"].standing is Standing.MISSING


def test_a_serial_number_two_devices_share_is_none_from_then_on() -> None:
    pair = [seen("/dev/ttyUSB0", FTDI), seen("/dev/ttyUSB1", replace(FTDI, socket="1-1.4"))]
    claims = [Claim("till", FTDI)]
    memory = settle(match(claims, pair, Memory()), pair, Memory())
    assert memory.common
    alone = [replace(pair[1], instance="9")]
    assert match(claims, alone, Memory(common=memory.common))["till"].seen is None


def test_a_lone_adapter_without_a_number_is_known_by_its_socket() -> None:
    claims = [Claim("till", at("1-1.1"))]
    assert found(match(claims, PLUGGED, Memory()), "till") == ("/dev/ttyUSB0", How.CHOICE)
    elsewhere = [seen("/dev/ttyUSB0", at("1-1.3"))]
    doubt = match(claims, elsewhere, Memory())["till"]
    assert (doubt.standing, doubt.rivals) == (Standing.UNSURE, ("/dev/ttyUSB0",))


def test_a_socket_behind_another_hub_is_another_socket() -> None:
    behind = [seen("/dev/ttyUSB0", replace(at("1-1.1"), hubs=("05e3:0608:",)))]
    claims = [Claim("till", at("1-1.1"))]
    assert match(claims, behind, Memory())["till"].standing is Standing.UNSURE


def test_twins_that_were_both_away_are_given_to_nobody() -> None:
    matches = match(TWINS, PLUGGED, Memory())
    assert {one.standing for one in matches.values()} == {Standing.UNSURE}
    assert matches["till"].rivals == ("/dev/ttyUSB0", "/dev/ttyUSB1")


def test_a_twin_that_comes_back_while_the_other_stayed_is_known() -> None:
    settled = {"printer": PLUGGED[1].plugged}
    back = (replace(PLUGGED[0], path="/dev/ttyUSB9", instance="11"), PLUGGED[1])
    matches = match(TWINS, back, Memory(settled=settled))
    assert found(matches, "till") == ("/dev/ttyUSB9", How.CHOICE)
    assert found(matches, "printer") == ("/dev/ttyUSB1", How.CHOICE)


def test_twins_of_different_voices_are_known_once_one_is_heard() -> None:
    claims = [replace(TWINS[0], voice=Voice.TILL), replace(TWINS[1], voice=Voice.PRINTER)]
    heard = {PLUGGED[0].plugged: Voice.PRINTER, PLUGGED[1].plugged: Voice.TILL}
    matches = match(claims, PLUGGED, Memory(heard=heard))
    assert found(matches, "printer") == ("/dev/ttyUSB0", How.VOICE)
    assert found(matches, "till") == ("/dev/ttyUSB1", How.VOICE)
    one = match(claims, PLUGGED, Memory(heard={PLUGGED[0].plugged: Voice.PRINTER}))
    assert found(one, "printer") == ("/dev/ttyUSB0", How.VOICE)
    assert one["till"].standing is Standing.UNSURE


def test_one_voice_on_two_claims_tells_nothing() -> None:
    claims = [replace(one, voice=Voice.SCANNER) for one in TWINS]
    heard = {PLUGGED[0].plugged: Voice.SCANNER}
    matches = match(claims, PLUGGED, Memory(heard=heard))
    assert {one.standing for one in matches.values()} == {Standing.UNSURE}


def test_the_operator_may_say_that_the_socket_decides() -> None:
    claims = [replace(one, by_socket=True) for one in TWINS]
    matches = match(claims, PLUGGED[::-1], Memory())
    assert found(matches, "till")[0] == "/dev/ttyUSB0"
    assert found(matches, "printer")[0] == "/dev/ttyUSB1"


def test_what_nobody_claims_is_told_but_a_board_port_is_not() -> None:
    board = Seen("/dev/ttyS0", Identity(DeviceKind.LINE, socket="ttyS0"))
    keys = Seen("/dev/input/event3", replace(FTDI, kind=DeviceKind.KEYS, serial="k"))
    everything = (*PLUGGED, board, keys)
    matches = match([Claim("till", at("1-1.1"))], everything, Memory())
    assert [one.path for one in unclaimed(matches, everything)] == ["/dev/ttyUSB1"]


@pytest.mark.parametrize(
    ("said", "voice"),
    [
        (b"\x12", Voice.PRINTER),
        (b"\x16", Voice.PRINTER),
        (b"\x1b@\x1c&\xb5\xa5\xba\xc5\n", Voice.TILL),
        (b"\x1bQA12.50\r", Voice.DISPLAY),
        (b"6901234567892\r\n", Voice.SCANNER),
        (b"\x02010250\x03\x55", Voice.FRAMED),
        (b"\xff\x00\xfe", None),
        (b"", None),
        (b"7", None),
    ],
)
def test_a_few_bytes_tell_who_speaks(said: bytes, voice: Voice | None) -> None:
    assert voice_of(said) == voice

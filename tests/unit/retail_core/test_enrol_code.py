"""The enrolment code: what is typed wrong is noticed where it is typed."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.box_identity import BoxName, Life, read_uri
from retail_core.fleet.enrol_code import (
    ALPHABET,
    RANDOM_BYTES,
    EnrolTicket,
    grouped,
    read,
    read_ticket,
    say_ticket,
    spell,
)
from retail_core.texts.faults import FaultCode

DRAWN = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)
NAME = BoxName(UUID(int=1), UUID(int=2))
DAY_MS = 24 * 3_600 * 1_000


def refused(text: str) -> bool:
    try:
        read(text)
    except Fault as fault:
        return fault.code is FaultCode.ENROL_CODE_MISTYPED
    return False


@given(DRAWN)
def test_a_code_is_read_as_people_write_it(drawn: bytes) -> None:
    code = spell(drawn)
    assert len(code) == 12
    assert read(grouped(code).lower().replace("0", "o").replace("1", "l")) == code


@given(DRAWN, st.integers(0, 11), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(drawn: bytes, at: int, char: str) -> None:
    code = spell(drawn)
    wrong = code[:at] + char + code[at + 1 :]
    assert wrong == code or refused(wrong)


@given(DRAWN, st.integers(0, 8))
def test_two_neighbours_that_changed_places_are_noticed(drawn: bytes, at: int) -> None:
    code = spell(drawn)
    wrong = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert wrong == code or refused(wrong)


@pytest.mark.parametrize(
    "text", ["", "1FVV-83ZS-46P", "1FVV-83ZS-46P44", "1FVV-83ZS-46PU", "é" * 12]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    assert refused(text)


@given(DRAWN, st.sampled_from(["", "ab" * 16]))
def test_a_ticket_is_read_back_from_its_qr_code(drawn: bytes, pin: str) -> None:
    ticket = EnrolTicket("https://cloud.example:8443", spell(drawn), pin)
    assert read_ticket(say_ticket(ticket)) == ticket


@pytest.mark.parametrize(
    "text", ["", "1FVV83ZS46P4", "REGULARS-BOX:file:///etc#1FVV83ZS46P4", "REGULARS-BOX:https://a#"]
)
def test_another_qr_code_is_no_ticket(text: str) -> None:
    with pytest.raises(Fault) as caught:
        read_ticket(text)
    assert caught.value.code is FaultCode.ENROL_CODE_MISTYPED


def test_a_code_needs_its_randomness() -> None:
    with pytest.raises(ValueError, match="7 bytes"):
        spell(b"short")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        NAME.uri + " ",
        NAME.uri.upper(),
        f"{NAME.uri}:x",
        NAME.uri.replace("box", "fox"),
        f"urn:regulars:box:{NAME.tenant}",
        f"urn:regulars:box:{NAME.tenant.hex}:{NAME.device}",
    ],
)
def test_only_exactly_our_name_is_a_name(uri: str) -> None:
    assert read_uri(uri) is None


def test_a_name_is_read_back() -> None:
    assert read_uri(NAME.uri) == NAME


@given(st.integers(0, 1_000))
def test_a_certificate_is_renewed_in_its_last_third_and_long_before_its_end(permille: int) -> None:
    life = Life(0, limits.CERTIFICATE_LIFE_MS)
    due = life.renewal_ms(permille)
    assert 20 * DAY_MS <= due <= 25.1 * DAY_MS
    assert life.late_until_ms() == 210 * DAY_MS


def test_renewal_is_two_thirds_through_and_late_until_half_a_year_after() -> None:
    life = Life(1_000, 1_001_000)
    assert [life.renewal_ms(permille) for permille in (0, 500, 1_000)] == [
        668_000,
        751_250,
        834_500,
    ]
    assert all(isinstance(life.renewal_ms(one), int) for one in (0, 1))
    assert life.late_until_ms() == 1_001_000 + 180 * 24 * 3_600 * 1_000


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("http://cloud", True),
        ("https://cloud:8443/x", True),
        ("ftp://cloud", False),
        ("cloud", False),
    ],
)
def test_a_ticket_leads_to_the_web_alone(url: str, *, fits: bool) -> None:
    ticket = EnrolTicket(url, spell(bytes(7)))
    if fits:
        assert read_ticket(f" {say_ticket(ticket)} ") == ticket
    else:
        with pytest.raises(Fault) as caught:
            read_ticket(say_ticket(ticket))
        assert caught.value.code is FaultCode.ENROL_CODE_MISTYPED

"""NTAG 424 DNA against NXP's application notes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.identity import sun
from retail_core.identity.sun import CounterGuard, SunRead, make_sun, verify_sun
from retail_core.texts.faults import FaultCode

META = bytes(range(16))
MASTER = bytes(range(16, 32))
UID = bytes.fromhex("04DE5F1EACC040")
FILE_KEY = bytes.fromhex("6d91af8190d8d06a419dec950401b020")
LINK = "https://regulars.invalid/c?e=215419B7782C4B05F13A93FCDD5BBC7E&m=A24250BD9F367CE6"
UIDS = st.binary(min_size=7, max_size=7)


def refused(uri: str, meta_key: bytes = META, master_key: bytes = MASTER) -> FaultCode:
    with pytest.raises(Fault) as caught:
        verify_sun(uri, meta_key, master_key)
    return caught.value.code


def test_an12196_the_encrypted_picc_data() -> None:
    encrypted = bytes.fromhex("EF963FF7828658A599F3041510671E88")
    assert sun._decrypt(bytes(16), encrypted).hex().upper() == "C704DE5F1EACC0403D0000DA5CF60941"


def test_an12196_the_mac() -> None:
    mac = sun.sun_mac(bytes(16), UID, (61).to_bytes(3, "little"))
    assert mac.hex().upper() == "94EED9EE65337086"


def test_an12196_the_session_key() -> None:
    vector = bytes.fromhex("3CC30001008004DE5F1EACC0403D0000")
    assert sun._cmac(bytes(16), vector).hex().upper() == "3FB5F6E3A807A03D5E3570ACE393776F"


def test_an10922_the_diversified_key() -> None:
    master = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    asked = bytes.fromhex("04782E21801D80" + "3042F5" + "4E585020416275")
    assert sun.diversify(master, asked).hex().upper() == "A8DD63A3B89D54B37CA802473FDA9175"


def test_an12196_a_message_with_file_data() -> None:
    """The second example: the MAC covers the encrypted file data as it stands in the link."""
    picc = sun._decrypt(bytes(16), bytes.fromhex("FD91EC264309878BE6345CBE53BADF40"))
    uid, counter = picc[1:8], picc[8:11]
    assert (uid.hex().upper(), counter) == ("04958CAA5C5E80", b"\x08\0\0")
    session = sun._cmac(bytes(16), bytes.fromhex("3CC300010080") + uid + counter)
    covered = b"CEE9A53E3E463EF1F459635736738962&cmac="
    assert sun._cmac(session, covered)[1::2].hex().upper() == "ECC1E7F6C6C73BF6"
    cipher_key = sun._cmac(bytes(16), bytes.fromhex("C33C00010080") + uid + counter)
    start = sun._encrypt(cipher_key, counter + bytes(13))
    block = sun._decrypt(cipher_key, bytes.fromhex("CEE9A53E3E463EF1F459635736738962"))
    assert bytes(one ^ two for one, two in zip(block, start, strict=True)) == b"x" * 16


@pytest.mark.parametrize(
    ("size", "mac"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ],
)
def test_rfc_4493_cmac(size: int, mac: str) -> None:
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    message = bytes.fromhex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
    )
    assert sun._cmac(key, message[:size]).hex() == mac


@pytest.mark.parametrize("size", [0, 15, 32])
def test_a_diversification_that_needs_other_padding_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"^{size} bytes of diversification input$"):
        sun.diversify(MASTER, bytes(size))


@pytest.mark.parametrize("size", [16, 31])
def test_the_ends_of_the_range_are_allowed(size: int) -> None:
    assert sun.diversify(MASTER, bytes(size)) == sun._cmac(MASTER, b"\x01" + bytes(size))


def test_each_card_has_a_key_of_its_own_for_ever() -> None:
    assert sun.file_key(MASTER, UID) == FILE_KEY
    assert sun.file_key(MASTER, UID) == sun.diversify(MASTER, UID + b"regulars1")
    assert sun.file_key(MASTER, UID) != sun.file_key(MASTER, bytes(7))


# ---- a tap --------------------------------------------------------------------------------------


def test_the_link_of_a_card() -> None:
    assert make_sun(UID, 61, META, FILE_KEY) == LINK
    start, rest = LINK.split("e=")
    encrypted, mac = rest.split("&m=")
    assert start == "https://regulars.invalid/c?"
    assert (
        sun._decrypt(META, bytes.fromhex(encrypted)).hex() == "c7" + UID.hex() + "3d0000" + "00" * 5
    )
    assert mac == sun.sun_mac(FILE_KEY, UID, b"\x3d\0\0").hex().upper()


@given(UIDS, st.integers(0, (1 << 24) - 1), st.binary(min_size=16, max_size=16))
def test_a_genuine_tap_is_read(uid: bytes, counter: int, master: bytes) -> None:
    link = make_sun(uid, counter, META, sun.file_key(master, uid))
    assert verify_sun(link, META, master) == SunRead(uid, counter)
    head, query = link.split("?")
    assert verify_sun(f"{head}?{query.lower()}", META, master) == SunRead(uid, counter)


@pytest.mark.parametrize(
    ("uid", "counter"), [(UID[:6], 1), (UID + b"\0", 1), (UID, -1), (UID, 1 << 24)]
)
def test_no_card_shows_such_a_link(uid: bytes, counter: int) -> None:
    with pytest.raises(ValueError, match=f"^UID of {len(uid)} bytes, counter {counter}$"):
        make_sun(uid, counter, META, FILE_KEY)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://regulars.invalid/c",
        "https://regulars.invalid/c?e=00&m=00",
        LINK + "0",
        LINK[:-1],
        "x" + LINK,
        LINK + "\n",
        LINK.replace("https", "http"),
        LINK.replace("regulars.invalid", "regularsxinvalid"),
        LINK.replace("?", "x?"),
        LINK[:-1] + "G",
        LINK[:30] + "G" + LINK[31:],
    ],
)
def test_another_link_is_foreign(uri: str) -> None:
    assert refused(uri) == FaultCode.NFC_CARD_FOREIGN


def test_a_card_of_another_chain_is_foreign() -> None:
    assert refused(LINK, meta_key=bytes(16)) == FaultCode.NFC_CARD_FOREIGN


@pytest.mark.parametrize("tag", [0x87, 0x47, 0xC4, 0x00])
def test_a_card_that_mirrors_something_else_is_foreign(tag: int) -> None:
    picc = sun._encrypt(META, bytes([tag]) + UID + bytes(8))
    link = f"https://regulars.invalid/c?e={picc.hex()}&m={LINK[-16:]}"
    assert refused(link) == FaultCode.NFC_CARD_FOREIGN


def test_a_card_with_another_key_is_a_forgery() -> None:
    assert refused(LINK, master_key=META) == FaultCode.NFC_MAC
    assert refused(make_sun(UID, 61, META, META)) == FaultCode.NFC_MAC


@pytest.mark.parametrize("at", range(1, 17))
def test_a_mac_with_any_digit_changed_is_a_forgery(at: int) -> None:
    digit = "0" if LINK[-at] != "0" else "1"
    assert refused(LINK[: len(LINK) - at] + digit + LINK[len(LINK) - at + 1 :]) == FaultCode.NFC_MAC


def test_an_old_mac_does_not_fit_a_new_counter() -> None:
    newer = make_sun(UID, 62, META, FILE_KEY)
    assert refused(newer[:-16] + LINK[-16:]) == FaultCode.NFC_MAC


# ---- counters -----------------------------------------------------------------------------------


def replayed(guard: CounterGuard, read: SunRead) -> bool:
    try:
        guard.admit(read)
    except Fault as fault:
        assert fault.code == FaultCode.NFC_COUNTER_REPLAYED  # noqa: PT017 -- both ways are read
        return True
    return False


def full_of(*uids: bytes) -> CounterGuard:
    """A guard that has no room for another card."""
    guard = CounterGuard(capacity=len(uids))
    for uid in uids:
        guard.seen(SunRead(uid, 1))
    return guard


def test_a_counter_only_ever_grows() -> None:
    guard = CounterGuard()
    assert guard.last(UID) is None
    taps = [(0, False), (0, True), (5, False), (5, True), (4, True), (6, False)]
    for counter, wanted in taps:
        assert replayed(guard, SunRead(UID, counter)) is wanted
    assert guard.last(UID) == 6


def test_each_card_counts_for_itself() -> None:
    guard = CounterGuard()
    guard.admit(SunRead(UID, 9))
    guard.admit(SunRead(bytes(7), 3))
    assert (guard.last(UID), guard.last(bytes(7))) == (9, 3)


def test_what_was_known_before_counts() -> None:
    guard = CounterGuard()
    guard.seen(SunRead(UID, 9))
    assert replayed(guard, SunRead(UID, 9))
    assert not replayed(guard, SunRead(UID, 10))


def test_the_card_longest_unseen_is_forgotten_first() -> None:
    first, second, third = (bytes([number]) * 7 for number in range(3))
    guard = full_of(first, second)
    guard.admit(SunRead(first, 2))
    guard.admit(SunRead(third, 1))
    assert [guard.last(uid) for uid in (first, second, third)] == [2, None, 1]


def test_a_replayed_tap_does_not_make_a_card_recent() -> None:
    first, second, third = (bytes([number]) * 7 for number in range(3))
    guard = full_of(first, second)
    assert replayed(guard, SunRead(first, 1))
    guard.admit(SunRead(third, 1))
    assert [guard.last(uid) for uid in (first, second, third)] == [None, 1, 1]


def test_a_full_guard_forgets_nobody_for_a_card_it_knows() -> None:
    first, second = (bytes([number]) * 7 for number in range(2))
    guard = full_of(first, second)
    guard.admit(SunRead(second, 2))
    assert [guard.last(uid) for uid in (first, second)] == [1, 2]


@pytest.mark.parametrize("counter", [0, (1 << 24) - 1])
def test_a_card_counts_to_the_end_of_its_24_bits(counter: int) -> None:
    assert verify_sun(make_sun(UID, counter, META, FILE_KEY), META, MASTER).counter == counter

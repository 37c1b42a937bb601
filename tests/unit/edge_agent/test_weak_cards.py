"""Cards that only say who it might be: off unless allowed, low when allowed, never a spender."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.ports.nfc import CardTap
from edge_agent.recognition.cards import CardTaps
from edge_agent.recognition.proofs import Proofs
from edge_agent.recognition.race import now_ms
from edge_agent.recognition.weak_cards import NO_WEAK_CARDS, WeakCards
from edge_agent.services.recognition.identify import Identification
from retail_core.identity.assurance import Action, Assurance, Factor, allows
from retail_core.identity.plain_tag import sign_link
from retail_core.texts.faults import FaultCode
from tests.factories.counter import (
    ALICE,
    MASTER_KEY,
    META_KEY,
    Counter,
    card_hash,
    record,
    uid_of,
)

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
TENANT = b"t" * 16
PLAIN = uid_of(5)
SIGNED_ONLY = WeakCards(TENANT, PUBLIC)
ALL = WeakCards(TENANT, PUBLIC, plain_uid=True)
SPENDING = (Action.SEE_WALLET, Action.REDEEM_POINTS, Action.REDEEM_COUPON)


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    counter.hold(ALICE, record("Alice", card=PLAIN))
    yield counter
    counter.stop()


def shown(
    counter: Counter, weak: WeakCards, uid: bytes, uri: str | None, *, asked: bool = False
) -> Identification:
    """What the counter makes of a tap, with these rules."""
    proofs = Proofs(META_KEY, MASTER_KEY, card_hash)
    cards = CardTaps(counter.nfc, counter.lookup, proofs, weak)
    counter.lane = counter.lane.__class__(
        lookup=counter.lookup, proofs=proofs, codes=counter.codes, cards=cards
    )
    identify = counter.identify.__class__(counter.lane, counter.tally)
    tap = CardTap("r", uid, uri, int(now_ms()), 1.0)
    counter.nfc.put(tap)
    try:
        result = identify.identify(["nfc"], 60) if asked else identify.tap(tap)
    finally:
        identify.stop()
    assert result is not None
    return result


def test_a_number_alone_is_foreign_unless_allowed(counter: Counter) -> None:
    for weak in (NO_WEAK_CARDS, SIGNED_ONLY):
        result = shown(counter, weak, PLAIN, None)
        assert (result.outcome, result.reasons) == ("unknown", (FaultCode.NFC_CARD_FOREIGN,))


def test_a_number_alone_finds_a_member_and_never_spends(counter: Counter) -> None:
    result = shown(counter, ALL, PLAIN, "https://a.bus.company/")
    assert (result.factor, result.assurance) == (Factor.CARD_UID, Assurance.LOW)
    assert result.member is not None
    assert result.member.member_id == ALICE
    assert not any(allows(result.assurance, action) for action in SPENDING)


def test_a_number_that_changes_is_refused(counter: Counter) -> None:
    for asked in (False, True):
        result = shown(counter, ALL, bytes.fromhex("08A1B2C3"), None, asked=asked)
        assert (result.outcome, result.reasons) == ("unknown", (FaultCode.NFC_UID_RANDOM,))


def test_a_signed_tag_finds_a_member_on_its_own_chip(counter: Counter) -> None:
    link = sign_link(PLAIN, TENANT, SEED)
    result = shown(counter, SIGNED_ONLY, PLAIN, link)
    assert (result.outcome, result.assurance) == ("member", Assurance.LOW)
    for weak in (SIGNED_ONLY, ALL):
        moved = shown(counter, weak, uid_of(6), link)
        assert moved.reasons == (FaultCode.NFC_TAG_SIGNATURE,)


def test_a_forged_card_of_ours_is_no_plain_one(counter: Counter) -> None:
    genuine = counter.tap(PLAIN, 3).ndef_uri
    assert genuine is not None
    forged = shown(counter, ALL, PLAIN, genuine[:-4] + "0000")
    assert forged.reasons == (FaultCode.NFC_MAC,)
    proven = shown(counter, ALL, PLAIN, genuine)
    assert (proven.factor, proven.assurance) == (Factor.SUN_CARD, Assurance.HIGH)

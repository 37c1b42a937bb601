"""Enrolling members and binding cards."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.consents import CONSENT_TEXTS, known_kind, text_hash
from edge_agent.domain.enrolment import CROCKFORD, EnrolCommand, Enrolled, claim_code
from edge_agent.ports.cloud_link import FetchedMember
from edge_agent.ports.journal import StoredAnswer
from edge_agent.services.counter.pending_points import PendingPoints
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.enrol import Enrol
from edge_agent.services.members.members import Members
from edge_agent.services.recognition.consents import Consents
from edge_agent.services.recognition.erasing import Eraser, FaceFiles
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import CardIssued, ConsentGiven, MemberEnrolled
from tests.factories.shop_floor import BUNDLE, SHOP, TILL, make_id, make_record
from tests.fakes.clock import NOON_MS, FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.gallery_store import FakeGalleryStore
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

WANG = EnrolCommand(
    name=" 王芳 ",
    phone="138 0013 8000",
    language="zh",
    consents={"membership": True, "face.local": True, "marketing": False},
    declared_tags=("敏感肌",),
    operator=make_id(),
    till=TILL,
    is_14_or_older=True,
)


class Desk:
    """The service desk with everything behind it."""

    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.replica = FakeReplica()
        self.directory = FakeCloudDirectory()
        self.tally = FaultTally()
        clock, ids = FakeClock(), FakeIdSource()
        self.replica.replace_bundle(3, BUNDLE)
        self.members = Members(
            self.replica,
            self.directory,
            PendingPoints(self.journal),
            clock,
            self.tally,
            phone_hash_key=b"p" * 32,
            card_hash_key=b"c" * 32,
        )
        self.recorder = Recorder(self.journal)
        self.files = FakeGalleryStore()
        self.eraser = Eraser(
            FaceFiles(self.files, self.files.ledger, self.files.vault),
            self.recorder,
            clock,
            ids,
            SHOP,
            lambda _member: None,
        )
        self.consents = Consents(
            self.recorder, self.files.ledger, self.eraser, clock, ids, self.tally
        )
        self.enrol = Enrol(
            self.recorder,
            self.replica,
            self.members,
            clock,
            ids,
            SHOP,
            claim_base="https://cloud.invalid/claim",
            numbers=("9900########",),
        )

    def bodies(self) -> list[object]:
        return [
            decode_body(record.draft.type, record.draft.body) for record in self.journal.records()
        ]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_new_member_is_journalled_with_each_consent(desk: Desk) -> None:
    enrolled = desk.enrol.execute(WANG)
    member, *consents = desk.bodies()
    assert isinstance(member, MemberEnrolled)
    assert (member.name, member.tier, member.phone_masked) == ("王芳", "silver", "138****8000")
    assert member.phone_hash == desk.members.phone_hash("8613800138000")
    assert member.claim_hash == sha256(enrolled.claim_code.encode()).digest()
    assert member.claim_expires_ms == NOON_MS + enrolled.claim_expires_s * 1_000
    assert member.declared_tags == ("敏感肌",)
    assert all(isinstance(consent, ConsentGiven) for consent in consents)
    said = {one.kind: one.given for one in consents if isinstance(one, ConsentGiven)}
    assert said == dict(WANG.consents)
    records = desk.journal.records()
    assert {record.draft.member for record in records} == {enrolled.member_id}
    assert {record.draft.operator for record in records} == {WANG.operator}


def test_the_number_itself_is_nowhere(desk: Desk) -> None:
    desk.enrol.execute(WANG)
    for record in desk.journal.records():
        assert b"13800138000" not in record.draft.body


def test_she_is_known_here_at_once(desk: Desk) -> None:
    enrolled = desk.enrol.execute(WANG)
    view = desk.members.view(enrolled.member_id)
    assert view is not None
    assert (view.ver, view.name, view.tier, view.points_free) == (0, "王芳", "silver", 0)
    assert view.last_purchase is None
    held = desk.members.find_phone("+86-138-0013-8000").held
    assert held is not None
    assert held.member_id == enrolled.member_id


def test_the_claim_code_is_shown_once_as_code_and_address(desk: Desk) -> None:
    enrolled = desk.enrol.execute(WANG)
    assert len(enrolled.claim_code) == 10
    assert set(enrolled.claim_code) <= set(CROCKFORD)
    assert enrolled.claim_uri == f"https://cloud.invalid/claim#c={enrolled.claim_code}"
    assert not enrolled.existing


def test_a_number_already_known_here_enrols_nobody(desk: Desk) -> None:
    first = desk.enrol.execute(WANG)
    depth = desk.journal.depth()
    again = desk.enrol.execute(replace(WANG, name="王小芳"))
    assert again == Enrolled(first.member_id, existing=True)
    assert desk.journal.depth() == depth


def test_a_number_known_only_to_the_cloud_is_found_there(desk: Desk) -> None:
    member = make_id()
    key = desk.members.phone_hash("8613800138000")
    desk.directory.members["phone", key] = FetchedMember(member, 6, make_record(phone_hash=key))
    assert desk.enrol.execute(WANG) == Enrolled(member, existing=True)
    assert desk.replica.member(member) is not None, "she is held here from now on"


def test_a_shop_without_the_cloud_enrols_all_the_same(desk: Desk) -> None:
    desk.directory.down = True
    assert not desk.enrol.execute(WANG).existing
    assert desk.tally.snapshot() == {FaultCode.SYNC_LINK_DOWN.value: 1}


def test_the_answer_is_kept_for_new_and_for_known(desk: Desk) -> None:
    def answer(enrolled: Enrolled) -> tuple[str, StoredAnswer]:
        return f"key-{enrolled.existing}", StoredAnswer(b"b", 200, enrolled.member_id.bytes)

    first = desk.enrol.execute(WANG, answer=answer)
    desk.enrol.execute(WANG, answer=answer)
    for key in ("key-False", "key-True"):
        kept = desk.journal.answer(key)
        assert kept is not None
        assert kept.answer == first.member_id.bytes


@pytest.mark.parametrize(
    "command",
    [
        replace(WANG, name="  "),
        replace(WANG, name="长" * 201),
        replace(WANG, phone="12345"),
        replace(WANG, consents={}),
        replace(WANG, consents={"membership": False}),
        replace(WANG, consents={"membership": True, "soul": True}),
        replace(WANG, declared_tags=("t",) * 33),
    ],
)
def test_what_cannot_be_enrolled_is_refused(desk: Desk, command: EnrolCommand) -> None:
    with pytest.raises(Fault) as caught:
        desk.enrol.execute(command)
    assert caught.value.code == FaultCode.API_BODY_INVALID
    assert desk.journal.depth() == 0


@pytest.mark.parametrize("declared", [None, False])
def test_faces_need_an_age_or_a_guardian(desk: Desk, declared: bool | None) -> None:  # noqa: FBT001
    child = replace(WANG, is_14_or_older=declared)
    with pytest.raises(Fault) as caught:
        desk.enrol.execute(child)
    assert caught.value.code == FaultCode.FACE_MINOR
    assert desk.journal.depth() == 0
    without = {"membership": True, "face.local": False}
    member = desk.enrol.execute(replace(child, consents=without)).member_id
    assert desk.consents.event_for(member, "face.local") is None
    guarded = {"membership": True, "face_local": True, "face.minor_guardian": True}
    phone = "13900139000"
    member = desk.enrol.execute(replace(child, consents=guarded, phone=phone)).member_id
    assert desk.consents.event_for(member, "face.local") is not None


# ---- consents -----------------------------------------------------------------------------------


def test_a_consent_names_the_text_that_was_shown(desk: Desk) -> None:
    desk.enrol.execute(WANG)
    face = next(
        one for one in desk.bodies() if isinstance(one, ConsentGiven) and one.kind == "face.local"
    )
    assert face.text_hash == sha256(CONSENT_TEXTS["face.local"]["zh"].encode()).digest()
    assert face.text_hash != text_hash("face.local", "en")
    assert (face.channel, face.language) == ("till", "zh")


def test_a_kind_spelt_with_an_underscore_is_the_same_kind(desk: Desk) -> None:
    enrolled = desk.enrol.execute(replace(WANG, consents={"membership": True, "face_local": True}))
    assert desk.consents.event_for(enrolled.member_id, "face.local") is not None


def test_the_latest_word_on_a_consent_counts(desk: Desk) -> None:
    enrolled = desk.enrol.execute(WANG)
    consents = desk.consents
    assert enrolled.consent_events is not None
    given = consents.event_for(enrolled.member_id, "face.local")
    assert given == enrolled.consent_events["face.local"]
    assert consents.event_for(enrolled.member_id, "marketing") is None, "she said no"
    assert "marketing" not in enrolled.consent_events
    assert consents.event_for(enrolled.member_id, "face.roaming") is None
    assert consents.event_for(make_id(), "face.local") is None


def test_every_text_exists_in_both_languages() -> None:
    for kind, texts in CONSENT_TEXTS.items():
        assert known_kind(kind)
        assert set(texts) == {"zh", "en"}
    assert not known_kind("soul")


# ---- claim codes --------------------------------------------------------------------------------


def test_a_known_claim_code() -> None:
    assert claim_code(bytes(7)) == "0000000000"
    assert claim_code(b"\xff" * 7) == "ZZZZZZZZZZ"
    assert claim_code(bytes([0, 0, 0, 0, 0, 0, 33])) == "1100000000"
    with pytest.raises(ValueError, match="6"):
        claim_code(bytes(6))


@given(st.binary(min_size=7, max_size=7), st.binary(min_size=7, max_size=7))
def test_codes_differ_where_fifty_bits_differ(left: bytes, right: bytes) -> None:
    mask = 2**50 - 1
    same_bits = int.from_bytes(left, "big") & mask == int.from_bytes(right, "big") & mask
    assert (claim_code(left) == claim_code(right)) is same_bits


# ---- cards --------------------------------------------------------------------------------------


def test_a_bound_card_names_her_from_now_on(desk: Desk) -> None:
    member = desk.enrol.execute(WANG).member_id
    bound = desk.enrol.bind_card(member, b"\x04card", operator=WANG.operator)
    card = desk.bodies()[-1]
    assert isinstance(card, CardIssued)
    assert card.uid_hash == desk.members.card_hash(b"\x04card")
    assert (bound.member_id, bound.seq) == (member, desk.journal.next_seq() - 1)
    found = desk.members.find_card(b"\x04card").held
    assert found is not None
    assert found.member_id == member


def test_her_own_card_may_be_bound_again(desk: Desk) -> None:
    member = desk.enrol.execute(WANG).member_id
    desk.enrol.bind_card(member, b"\x04card")
    desk.enrol.bind_card(member, b"\x04card")
    held = desk.replica.member(member)
    assert held is not None
    assert held.record.cards == (desk.members.card_hash(b"\x04card"),)


def test_another_members_card_is_refused(desk: Desk) -> None:
    first = desk.enrol.execute(WANG).member_id
    other = desk.enrol.execute(replace(WANG, phone="13900139000")).member_id
    desk.enrol.bind_card(first, b"\x04card")
    depth = desk.journal.depth()
    with pytest.raises(Fault) as caught:
        desk.enrol.bind_card(other, b"\x04card")
    assert caught.value.code == FaultCode.NFC_CARD_TAKEN
    assert desk.journal.depth() == depth


def test_a_printed_number_of_the_house_is_bound_and_no_other(desk: Desk) -> None:
    first = desk.enrol.execute(WANG).member_id
    other = desk.enrol.execute(replace(WANG, phone="13900139000")).member_id
    desk.enrol.bind_number(first, "990012345678", operator=WANG.operator)
    card = desk.bodies()[-1]
    assert isinstance(card, CardIssued)
    assert card.kind == "printed"
    held = desk.members.find_card(b"990012345678").held
    assert held is not None
    assert held.member_id == first
    refused = []
    for member, number in ((other, "990012345678"), (first, "690012345678"), (first, "9900123456")):
        with pytest.raises(Fault) as caught:
            desk.enrol.bind_number(member, number)
        refused.append(caught.value.code)
    assert refused == [FaultCode.NFC_CARD_TAKEN] + [FaultCode.NFC_CARD_FOREIGN] * 2


def test_a_card_for_nobody_is_refused(desk: Desk) -> None:
    with pytest.raises(Fault) as caught:
        desk.enrol.bind_card(make_id(), b"\x04card")
    assert caught.value.code == FaultCode.SALE_MEMBER_UNKNOWN

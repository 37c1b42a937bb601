"""A phone number at the counter: found, created or known elsewhere; and the code that proves it."""

from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID

import httpx2
import pytest

from edge_agent.domain.consents import CONSENT_TEXT_VERSION, text_hash
from edge_agent.ports.cloud_link import FetchedMember
from edge_agent.ports.journal import Record
from edge_agent.services.members.till_sessions import VISIT_MS
from retail_core.errors import Fault
from retail_core.identity.person_filter import PersonFilter
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import ConsentGiven, MemberEnrolled
from retail_core.wire.standing import CouponHeld, GiftDue
from tests.factories.agent_api import (
    BUNDLE,
    MEMBER,
    PHONE,
    PRINTING_TILL,
    TILL,
    Box,
    member_record,
)
from tests.factories.agent_files import OPERATOR_PIN
from tests.factories.shop_floor import make_gone, make_id, make_record
from tests.fakes.person_line import CODE, hash_of

NEW = "13912345678"
YES = {"text_version": CONSENT_TEXT_VERSION, "given": True}
_keys, _numbers = count(1), count(10)
_began: list[int] = []


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Open a box once: that takes half a second."""
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.fixture
def box(shared_box: Box) -> Box:
    """Begin anew: an hour later, without a line, nobody here but 李敏."""
    box, number = shared_box, next(_numbers)
    box.clock.advance(3_600_000)
    box.directory.down, box.directory.members = True, {}
    box.persons.__init__()  # type: ignore[misc]
    box.agent.services.recruiting.known.close()
    box.visits.over(TILL, None)
    box.visits.over(PRINTING_TILL, None)
    replica, members = box.storage.replica, box.agent.services.members
    held = replica.by_phone_hash(members.phone_hash("86" + NEW))
    gone = () if held is None else (make_gone(number, held.member_id, 1_000),)
    replica.apply_changes(feed_epoch=1, pos=number, changes=gone)
    replica.put_member(MEMBER, number, member_record(phone_hash=members.phone_hash(PHONE)))
    replica.replace_bundle(number, rules(number, '{"name": "新人礼盒", "sku": "BOX"}'))
    _began.append(box.storage.journal.next_seq())
    return box


def rules(version: int, newcomer: str, more: str = "") -> bytes:
    """Return a bundle that gives newcomers this."""
    whole = BUNDLE.rstrip().removesuffix("}") + f', "newcomer": {newcomer}{more}}}'
    return whole.replace('"version": 3', f'"version": {version}').encode()


def clerk(box: Box) -> dict[str, str]:
    answer = box.till().post("/v1/operators/login", json={"number": "1001", "pin": OPERATOR_PIN})
    return {"X-Operator": answer.json()["operator_token"]}


def post(box: Box, path: str, body: dict[str, Any], **headers: str) -> httpx2.Response:
    sent = {"Idempotency-Key": f"recruit-{next(_keys):06d}"} | headers
    return box.till().post(path, json=body, headers=sent)


def recruit(box: Box, phone: str = NEW, **body: Any) -> dict[str, Any]:
    answer = post(box, "/v1/recruits", {"phone": phone} | body, **clerk(box))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def online(box: Box) -> None:
    box.directory.down = False


def knows(box: Box, *phones: str) -> None:
    """Let the box's summary hold these numbers."""
    known = PersonFilter.sized(100)
    known.add(box.agent.services.members.phone_hash(phone) for phone in phones)
    content = known.encoded()
    box.agent.services.recruiting.known.replace(1, hash_of(content), content)


def kinds(box: Box) -> list[str]:
    return [record.draft.type for record in journalled(box)]


def journalled(box: Box) -> list[Record]:
    """Return what this test journalled."""
    return list(box.storage.journal.records())[_began[-1] - 1 :]


# ---- found, created, known elsewhere ------------------------------------------------------------


def test_a_member_of_this_shop_is_found_behind_a_mask(box: Box) -> None:
    found = recruit(box, "138-0013-8000")
    assert (found["outcome"], found["assurance"]) == ("found", "low")
    assert found["member_id"] == str(MEMBER)
    shown = found["member"]
    assert (shown["name"], shown["phone_masked"]) == ("李*", found["phone_masked"])
    assert (shown["tags"], shown["points_free"], shown["last_purchase"]) == ([], None, None)
    assert (shown["coupons"], shown["gifts"]) == ([], [])
    assert found["consent"] is None
    assert found["welcome_gift"] == "none"
    assert kinds(box) == []


def test_nobody_is_created_without_a_yes(box: Box) -> None:
    online(box)
    with box.screen() as screen, screen.websocket_connect("/v1/events") as socket:
        asked = recruit(box)
        assert (asked["outcome"], asked["member_id"], asked["assurance"]) == (
            "consent_needed",
            None,
            "none",
        )
        shown = socket.receive_json()
        assert (shown["type"], shown["state"], shown["phone_masked"]) == (
            "consent",
            "asked",
            "139****5678",
        )
        assert shown["sha256_zh"] == text_hash("membership", "zh").hex()
        assert shown["text_zh"] == asked["consent"]["text_zh"]
        no = recruit(box, consent=YES | {"given": False})
        assert (no["outcome"], no["member_id"]) == ("consent_needed", None)
        assert socket.receive_json()["state"] == "refused"
    assert kinds(box) == []


def test_with_a_yes_she_is_entered_by_the_clerk(box: Box) -> None:
    online(box)
    with box.screen() as screen, screen.websocket_connect("/v1/events") as socket:
        made = recruit(box, name="赵一", declared=["敏感肌"], consent=YES)
        told = [socket.receive_json()["type"] for _ in range(3)]
    assert told == ["consent", "link", "recognition"]
    assert (made["outcome"], made["welcome_gift"], made["assurance"]) == (
        "created",
        "pending",
        "low",
    )
    assert (made["member"]["name"], made["member"]["tags"]) == ("赵*", [])
    assert "新人礼" in made["text_zh"]
    enrolled, consent = journalled(box)
    body = decode_body(enrolled.draft.type, enrolled.draft.body)
    assert isinstance(body, MemberEnrolled)
    assert (body.name, body.declared_tags) == ("赵一", ("敏感肌",))
    assert enrolled.draft.operator is not None
    said = decode_body(consent.draft.type, consent.draft.body)
    assert isinstance(said, ConsentGiven)
    assert (said.kind, said.text_version, said.text_hash) == (
        "membership",
        CONSENT_TEXT_VERSION,
        text_hash("membership", "zh"),
    )
    again = recruit(box)
    assert (again["outcome"], again["member_id"], again["welcome_gift"]) == (
        "found",
        made["member_id"],
        "pending",
    )


def test_the_same_request_is_answered_once(box: Box) -> None:
    headers = clerk(box) | {"Idempotency-Key": "once-and-for-all"}
    body = {"phone": NEW, "consent": YES}
    first = box.till().post("/v1/recruits", json=body, headers=headers)
    again = box.till().post("/v1/recruits", json=body, headers=headers)
    assert again.content == first.content
    assert kinds(box) == ["member.enrolled", "consent.given"]


def test_without_a_name_she_is_called_by_her_number(box: Box) -> None:
    made = recruit(box, consent=YES)
    held = box.storage.replica.member(UUID(made["member_id"]))
    assert held is not None
    assert held.record.name == "会员5678"


def test_the_cloud_knows_her(box: Box) -> None:
    online(box)
    key = box.agent.services.members.phone_hash("86" + NEW)
    gift = GiftDue(make_id().bytes, "newcomer", "BOX", "新人礼盒", 20301231)
    record = make_record(phone_hash=key, gifts=(gift,))
    box.directory.members["phone", key] = FetchedMember(make_id(), 6, record)
    found = recruit(box)
    assert (found["outcome"], found["welcome_gift"]) == ("found", "given")
    assert found["text_zh"].endswith("新人礼已确认,等她领用")
    assert found["text_en"].endswith("confirmed, it waits for her to use it")
    assert found["member"]["gifts"] == []


def test_offline_somebody_unknown_is_entered_and_the_gift_waits(box: Box) -> None:
    knows(box, "86" + "13700000000")
    made = recruit(box, consent=YES)
    assert (made["outcome"], made["welcome_gift"]) == ("created", "pending")
    assert made["text_zh"].endswith("新人礼待总部确认,确认前还不能领用")
    assert "not hers yet" in made["text_en"]
    again = recruit(box)
    assert (again["outcome"], again["welcome_gift"]) == ("found", "pending"), "still not confirmed"


def test_offline_somebody_known_gets_no_second_promise(box: Box) -> None:
    knows(box, "86" + NEW)
    asked = recruit(box)
    assert (asked["outcome"], asked["member"], asked["welcome_gift"]) == (
        "known_elsewhere",
        None,
        "refused",
    )
    assert asked["consent"] is not None
    assert kinds(box) == []
    made = recruit(box, consent=YES)
    assert (made["outcome"], made["assurance"], made["welcome_gift"]) == (
        "known_elsewhere",
        "low",
        "refused",
    )
    assert kinds(box) == ["member.enrolled", "consent.given"]


def test_with_a_line_the_summary_is_not_asked(box: Box) -> None:
    knows(box, "86" + NEW)
    online(box)
    assert recruit(box, consent=YES)["outcome"] == "created"


@pytest.mark.parametrize(
    ("record", "gift"),
    [
        ({"gifts": (GiftDue(bytes(16), "newcomer", "B", "盒", 20301231, ready=False),)}, "pending"),
        ({"coupons": (CouponHeld(bytes(16), "welcome", 20260101, 20301231),)}, "given"),
        ({}, "none"),
    ],
)
def test_what_is_said_of_the_gift(box: Box, record: dict[str, Any], gift: str) -> None:
    coupon = '{"kind": "threshold", "id": "welcome", "name": "新人券", "fen_off": 100}'
    number = next(_numbers)
    newcomer = '{"name": "券", "coupon": "welcome"}'
    box.storage.replica.replace_bundle(number, rules(number, newcomer, f', "coupons": [{coupon}]'))
    key = box.agent.services.members.phone_hash(PHONE)
    held = member_record(phone_hash=key, cards=(), **record)
    box.storage.replica.put_member(MEMBER, number, held)
    assert recruit(box, PHONE.removeprefix("86"))["welcome_gift"] == gift


@pytest.mark.parametrize(
    "phone", ["9", "139", "1391234567", "139123456789", "12345678901", "tel 139"]
)
def test_what_is_no_number_is_said_in_words(box: Box, phone: str) -> None:
    answer = post(box, "/v1/recruits", {"phone": phone}, **clerk(box))
    assert (answer.status_code, answer.json()["code"]) == (422, "M145")
    assert phone not in answer.text


def test_a_number_abroad(box: Box) -> None:
    assert recruit(box, "+852 9123 4567")["phone_masked"] == "852****4567"


def test_a_yes_to_an_older_text_is_no_yes(box: Box) -> None:
    body = {"phone": NEW, "consent": {"text_version": "2020-1", "given": True}}
    answer = post(box, "/v1/recruits", body, **clerk(box))
    assert (answer.status_code, answer.json()["code"]) == (409, "M146")
    assert kinds(box) == []


def test_finding_needs_no_clerk_but_creating_does(box: Box) -> None:
    assert post(box, "/v1/recruits", {"phone": PHONE[2:]}).json()["outcome"] == "found"
    answer = post(box, "/v1/recruits", {"phone": NEW, "consent": YES})
    assert (answer.status_code, answer.json()["code"]) == (401, "A116")


def test_the_number_alone_never_shows_more(box: Box) -> None:
    recruit(box, PHONE[2:])
    shown = box.till().get(f"/v1/members/{MEMBER}").json()
    assert (shown["name"], shown["tags"], shown["points_free"]) == ("李*", [], None)


# ---- codes by SMS -------------------------------------------------------------------------------


def sms(box: Box, **body: Any) -> httpx2.Response:
    return post(box, f"/v1/members/{MEMBER}/sms", body)


def verify(box: Box, code: str) -> httpx2.Response:
    return post(box, f"/v1/members/{MEMBER}/sms/verify", {"code": code})


def test_a_code_lets_her_spend_at_this_lane(box: Box) -> None:
    recruit(box, PHONE[2:])
    sent = sms(box).json()
    assert (sent["expires_s"], sent["phone_masked"]) == (300, "138****8000")
    assert [one.digits for one in box.persons.sent] == [PHONE], "typed once for the visit"
    wrong = verify(box, "000000")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "M152")
    assert "4" in wrong.json()["zh"]
    right = verify(box, CODE).json()
    assert (right["factor"], right["assurance"]) == ("sms_code", "high")
    assert {"redeem_points", "see_wallet"} <= set(right["allowed"])
    assert right["member"]["name"] == "李敏"
    shown = box.till().get(f"/v1/members/{MEMBER}").json()
    assert shown["points_free"] is not None
    # The number again does not take it back.
    recruit(box, PHONE[2:])
    assert box.till().get(f"/v1/members/{MEMBER}").json()["points_free"] is not None


def test_a_code_is_used_once(box: Box) -> None:
    sms(box, phone=PHONE[2:])
    assert verify(box, CODE).status_code == 200
    over = verify(box, CODE)
    assert (over.status_code, over.json()["code"]) == (401, "M153")


def test_the_number_is_asked_for_again_when_it_was_not_typed_now(box: Box) -> None:
    assert sms(box).json()["code"] == "M155"
    recruit(box, PHONE[2:])
    box.clock.advance(VISIT_MS + 1)
    assert sms(box).json()["code"] == "M155"
    assert box.persons.sent == []


def test_another_number_is_refused_here_already(box: Box) -> None:
    answer = sms(box, phone=NEW)
    assert (answer.status_code, answer.json()["code"]) == (422, "M148")
    assert box.persons.asked == []


def test_without_a_line_the_clerk_reads_what_to_do(box: Box) -> None:
    box.persons.down = True
    for answer in (sms(box, phone=PHONE[2:]), verify(box, CODE)):
        assert (answer.status_code, answer.json()["code"]) == (503, "M147")
        assert "会员码" in answer.json()["zh"]


def test_what_the_cloud_says_reaches_the_clerk(box: Box) -> None:
    box.persons.says = Fault(FaultCode.SMS_TOO_OFTEN, seconds=42)
    answer = sms(box, phone=PHONE[2:])
    assert (answer.status_code, answer.json()["code"]) == (429, "M149")
    assert "42" in answer.json()["zh"]


def test_codes_of_nobody(box: Box) -> None:
    for path in (f"/v1/members/{make_id()}/sms", f"/v1/members/{make_id()}/sms/verify"):
        body = {"code": CODE} if path.endswith("verify") else {"phone": NEW}
        assert post(box, path, body).json()["code"] == "P106"


def test_no_number_stands_in_any_file_of_the_box(box: Box) -> None:
    recruit(box, consent=YES)
    recruit(box, PHONE[2:])
    sms(box)
    files = [path for path in box.settings.config.data_dir.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        for number in (NEW, PHONE[2:]):
            assert number.encode() not in content, path.name

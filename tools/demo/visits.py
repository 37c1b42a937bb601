"""Steps 1 and 2: a clerk enrols a member, and she is recognised by face, code and card."""

import base64
import threading
from typing import Any

from tools.demo.cast import MEMBER_NAME, MEMBER_PHONE, Cast
from tools.demo.client import wait_until
from tools.demo.people import Person
from tools.demo.report import Report, Step
from tools.demo.shops import CLERK_NUMBER, Shop

BUDGET_MS = 100.0
FACES_AT_LEAST = 2
LANE_DEADLINE_MS = 5_000
CONSENTS = {"membership": True, "face.local": True}


def sign_in(shop: Shop) -> str:
    """Sign the clerk in; return the operator token."""
    answer = shop.till.post("/v1/operators/login", {"number": CLERK_NUMBER, "pin": shop.clerk_pin})
    return str(answer["operator_token"])


def enrol_person(shop: Shop, operator: str, name: str, phone: str, person: Person) -> Any:
    """Enrol somebody with consent and photos; return the enrolment's answer and the face's."""
    answer = shop.till.post(
        "/v1/enrolments",
        {
            "name": name,
            "phone": phone,
            "language": "zh",
            "consents": CONSENTS,
            "is_14_or_older": True,
            "declared_tags": ["国货爱好者"],
        },
        operator=operator,
    )
    pictures = [base64.b64encode(photo.read_bytes()).decode() for photo in person.enrol]
    face = shop.till.post(
        f"/v1/enrolments/{answer['member_id']}/face", {"images": pictures}, operator=operator
    )
    return answer, face


def enrol(cast: Cast, report: Report) -> None:
    """Let a clerk enrol her: consent, photos through the face pipeline, code and card."""
    shop = cast.shops["shanghai"]
    with report.step("enrol", "① 上海:店员为她开卡 · a clerk enrols her in Shanghai") as step:
        operator = sign_in(shop)
        cast.operator = operator
        timed = cast.stopwatch()
        answer, face = enrol_person(shop, operator, MEMBER_NAME, MEMBER_PHONE, cast.person)
        step.ms = timed()
        cast.member_id = answer["member_id"]
        report.note(f"同意已记录,人脸 {face['accepted']} 张合格 · consent recorded, faces accepted")
        enrolled = wait_until(5, "the cloud's word on her", lambda: _version(cast, shop))
        cast.phone.claim(cast.cloud, answer["claim_code"])
        wait_until(5, "her phone's key in the shop", lambda: _version(cast, shop) > enrolled)
        report.note("手机自己生成密钥,会员码已启用 · her phone made its own key")
        _issue_card(cast, shop, operator)
        report.note(f"NFC 卡已发放 · card issued ({cast.card.uid.hex()})")
        step.detail["faces_accepted"] = face["accepted"]
        step.ok = face["accepted"] >= min(FACES_AT_LEAST, len(cast.person.enrol))


def _version(cast: Cast, shop: Shop) -> int:
    """Return which version of her the shop holds; 0 until the cloud has confirmed her."""
    return int(shop.till.get(f"/v1/members/{cast.member_id}")["ver"])


def _issue_card(cast: Cast, shop: Shop, operator: str) -> None:
    failed: list[BaseException] = []

    def bind() -> None:
        try:
            shop.till.post(f"/v1/enrolments/{cast.member_id}/card", {}, operator=operator)
        except BaseException as error:  # noqa: BLE001  # handed to the main thread below
            failed.append(error)

    clerk = threading.Thread(target=bind, name="card-binding")
    clerk.start()
    cast.reader.insert(cast.card)
    clerk.join()
    cast.reader.remove()
    if failed:
        raise failed[0]


def identify(shop: Shop, factor: str, *, deadline_ms: int = LANE_DEADLINE_MS) -> Any:
    """Ask the box who stands there, by one factor."""
    return shop.till.post(
        "/v1/identify",
        {"lane": shop.till_id, "factors": [factor], "deadline_ms": deadline_ms},
    )


def check_member(cast: Cast, step: Step, answer: Any) -> None:
    """Note figures and whether it was she, within the budget."""
    member = answer["member"] or {}
    step.ms = float(answer["frame_to_member_ms"] or answer["total_ms"])
    step.detail["assurance"] = answer["assurance"]
    step.detail["stage_ms"] = answer["stage_ms"]
    right = answer["outcome"] == "member" and member.get("member_id") == cast.member_id
    step.ok = right and step.ms < BUDGET_MS
    if not right:
        step.detail["error"] = {key: answer[key] for key in ("outcome", "reasons")}


def recognise(cast: Cast, report: Report) -> None:
    """She comes back three times: face, code, card."""
    shop = cast.shops["shanghai"]
    with report.step("face", "② 她回来了:人脸 · by face, a photo not used to enrol") as step:
        with cast.showing(shop, cast.person.probe):
            answer = identify(shop, "face")
        check_member(cast, step, answer)
        first = step.detail["first_usable_ms"] = answer["first_usable_ms"] or 0.0
        report.note(f"从首个可用画面 {first:.1f} ms,含三帧表决 · from the first usable frame on")
    with report.step(
        "qr", "② 另一天:手机会员码(模糊、透视) · by code, blurred, in perspective"
    ) as step:
        with cast.showing_code(shop, cast.phone.code()):
            answer = identify(shop, "qr")
        check_member(cast, step, answer)
    with report.step("nfc", "② 又一天:NFC 卡 · by card over PC/SC") as step:
        watcher = cast.in_background(lambda: identify(shop, "nfc"))
        cast.reader.insert(cast.card)
        answer = watcher()
        cast.reader.remove()
        check_member(cast, step, answer)

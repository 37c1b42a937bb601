"""Requirements B1 to B6 on faces, shown on the box as it is built; see docs/reference/privacy.md.

The agent is the real one over real files; a fake camera and engine stand for the lens and the nets,
so that every embedding that is computed can be counted and searched for afterwards.
"""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from edge_agent.cli.commands import app as cli
from edge_agent.lane_settings import ONLY_LANE
from edge_agent.services.recognition.watch_lane import WatchLane
from retail_core.identity.erasure import SignedReceipt, open_receipt, to_file
from retail_core.identity.face_lease import DAY_MS, LOCAL_LEASE_MS
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import FaceErased, FaceHeld
from tests.factories.agent_api import MEMBER, PHONE, face_leave, member_record
from tests.factories.privacy import FACE, STRANGER, Shop, hits, needles
from tests.fakes.camera import picture

PASSERS_BY = 10_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.stop()


# ---- B1 to B5: when, with whose consent, and who not --------------------------------------------


def test_privacy_b01_ten_thousand_frames_without_an_act_compute_nothing(shop: Shop) -> None:
    shop.take_face(shop.enrol())
    computed = shop.engine.calls
    lane = WatchLane(shop.box.agent.services.lanes[ONLY_LANE].identify, lambda _result: None)
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            lane.turn()

    watcher = threading.Thread(target=watch)
    watcher.start()
    for nth in range(PASSERS_BY):
        shop.lens.show(picture(FACE if nth % 2 else STRANGER))
        shop.lens.newest(after_seq=nth, timeout_ms=0)
    done.set()
    watcher.join()
    assert shop.engine.calls == computed
    assert shop.look(FACE)["outcome"] == "member"
    assert shop.engine.calls > computed


def test_privacy_b02_no_template_without_its_own_standing_consent(shop: Shop) -> None:
    without = shop.enrol(consents={"membership": True})
    assert shop.take_face(without)["code"] == FaultCode.FACE_CONSENT_MISSING.value
    refused = shop.enrol("13900000002", consents={"membership": True, "face.local": False})
    assert shop.take_face(refused)["code"] == FaultCode.FACE_CONSENT_MISSING.value
    roaming = {"membership": True, "face.roaming": True}
    elsewhere = shop.enrol("13900000003", consents=roaming)
    assert shop.take_face(elsewhere)["code"] == FaultCode.FACE_CONSENT_MISSING.value
    assert shop.engine.calls == 0
    assert shop.held() == []


def test_privacy_b02_a_consent_is_remembered_longer_than_the_journal(shop: Shop) -> None:
    member = shop.enrol()
    journal = shop.box.storage.journal
    journal.mark_acked([(1, journal.next_seq() - 1)])
    journal.prune(acked_before_wall_ms=1 << 50)
    assert journal.records() == ()
    shop.open_again()
    assert shop.take_face(member)["accepted"] == 1
    assert shop.held() == [member]


def test_privacy_b03_nothing_of_a_template_leaves_the_box(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    shop.look(FACE)
    answers = [shop.box.till().get(path).content for path in ("/v1/health", "/openapi.json")]
    answers.append(
        shop.box.till().get(f"/v1/members/{member}/export", headers=shop.headers("x")).content
    )
    sent = [record.draft.body for record in shop.box.storage.journal.records()]
    sent += [json.dumps(shop.box.directory.asked).encode()]
    for needle in needles(shop):
        assert not [one for one in (*sent, *answers) if needle in one]
    (held,) = shop.journalled(EventType.FACE_HELD)
    assert isinstance(held, FaceHeld)
    assert held.count == 1


def test_privacy_b03_withdrawing_faces_leaves_the_membership(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    assert shop.say(member, "face.local", given=False).status_code == 200
    assert shop.box.till().get(f"/v1/members/{member}").json()["name"] == "赵*"
    found = shop.box.till().post("/v1/identify/phone", json={"phone": "13900000001"}).json()
    assert found["outcome"] == "member"
    assert shop.say(member, "membership", given=False).status_code == 422


def test_privacy_b04_everything_works_with_faces_off(shop: Shop) -> None:
    shop.box.agent.services.faces.leave.take(face_leave(2, enabled=False))
    assert shop.look(FACE)["outcome"] == "none"
    by_phone = shop.box.till().post("/v1/identify/phone", json={"phone": PHONE}).json()
    assert by_phone["member"]["member_id"] == str(MEMBER)
    assert shop.engine.calls == 0
    assert "prompt" not in json.dumps(shop.box.app.openapi()), "nobody is nagged"


@pytest.mark.parametrize("declared", [None, False])
def test_privacy_b05_a_child_or_unknown_age_is_refused_without_a_guardian(
    shop: Shop,
    declared: bool | None,  # noqa: FBT001 -- what the form says
) -> None:
    consents = {"membership": True, "face.local": True}
    body: dict[str, Any] = {"name": "小宝", "phone": "13900000005", "consents": consents}
    if declared is not None:
        body["is_14_or_older"] = declared
    till = shop.box.till()
    answer = till.post("/v1/enrolments", json=body, headers=shop.headers("child"))
    assert answer.json()["code"] == FaultCode.FACE_MINOR.value
    body["consents"] = consents | {"face.minor_guardian": True}
    answer = till.post("/v1/enrolments", json=body, headers=shop.headers("guarded"))
    assert shop.take_face(UUID(answer.json()["member_id"]))["accepted"] == 1


# ---- B6: withdrawal -----------------------------------------------------------------------------


def test_privacy_b06_a_withdrawal_erases_at_once_with_a_receipt(shop: Shop, tmp_path: Path) -> None:
    member = shop.enrol()
    shop.take_face(member)
    assert shop.look(FACE)["outcome"] == "member"
    assert shop.say(member, "face.local", given=False).status_code == 200
    assert shop.held() == []
    assert shop.look(FACE)["outcome"] != "member"
    (erased,) = shop.journalled(EventType.FACE_ERASED)
    assert isinstance(erased, FaceErased)
    signed = SignedReceipt(erased.receipt, erased.signature, erased.public_key)
    receipt = open_receipt(signed)
    assert (receipt.cause, len(receipt.templates), receipt.scrubbed) == ("withdrawn", 1, True)
    assert str(member) not in erased.receipt.decode(), "she stands in it as a pseudonym"
    run = CliRunner().invoke
    handed = shop.box.till().get(f"/v1/members/{member}/export", headers=shop.headers("y")).json()
    hers = tmp_path / "hers.json"
    hers.write_text(json.dumps(handed["erasures"][0]["receipt"]), encoding="utf-8")
    assert run(cli, ["consent", "verify", str(hers), "--member", str(member)]).exit_code == 0
    file = tmp_path / "receipt.json"
    file.write_bytes(to_file(signed))
    assert run(cli, ["consent", "verify", str(file)]).exit_code == 0
    assert run(cli, ["consent", "verify", str(file), "--member", str(member)]).exit_code == 0
    another = run(cli, ["consent", "verify", str(file), "--member", str(MEMBER)])
    assert (another.exit_code, "R432" in another.stderr) == (3, True), "genuine, and not hers"
    foreign = run(cli, ["consent", "verify", str(file), "--public-key", "00" * 32])
    assert (foreign.exit_code, "R433" in foreign.stderr) == (3, True)
    assert run(cli, ["consent", "verify", str(file), "--public-key", "zz"]).exit_code == 2
    bare, key = run(cli, ["consent", "verify", str(file)]), signed.public_key.hex()
    assert f"{key}:" in bare.stderr, "whose key it is stays open without --public-key"
    known = run(cli, ["consent", "verify", str(file), "--public-key", key])
    assert (known.exit_code, known.stderr) == (0, "")
    file.write_bytes(file.read_bytes().replace(b"withdrawn", b"forgotten"))
    assert run(cli, ["consent", "verify", str(file)]).exit_code == 3


def test_privacy_b06_a_search_for_the_canary_finds_nothing(shop: Shop) -> None:
    member = shop.enrol()
    wanted = needles(shop)
    shop.take_face(member)
    shop.look(FACE)
    assert hits(shop.folder, wanted) == [], "not even while she is enrolled"
    row = shop.box.storage.gallery._file.row("SELECT sealed, wrapped FROM template JOIN holder")
    assert row is not None
    shop.say(member, "face.local", given=False)
    pieces = [bytes(piece)[12:44] for piece in row]
    assert hits(shop.folder, [*wanted, *pieces]) == []
    shop.box.agent.stop()
    assert hits(shop.folder, [*wanted, *pieces]) == []


def test_privacy_b06_a_withdrawal_elsewhere_is_taken_up_before_the_next_match(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    faces, replica = shop.box.agent.services.faces, shop.box.storage.replica
    record = member_record(withdrawn_ms=shop.box.clock.now().wall_ms + 5_000)
    replica.put_member(member, 9, record)
    faces.consents.heard(member, replica)
    assert shop.held() == []
    assert len(shop.journalled(EventType.FACE_ERASED)) == 1
    faces.consents.heard(member, replica)
    shop.box.clock.advance(10_000)
    shop.say(member, "face.local", given=True)
    assert shop.take_face(member, FACE)["accepted"] in {0, 1}
    faces.consents.heard(member, replica)
    assert len(shop.journalled(EventType.FACE_ERASED)) == 1, "a newer word stands"


def test_privacy_b06_walking_up_is_agreed_to_and_taken_back_on_its_own(shop: Shop) -> None:
    consents = {"face.walk_up": True, "membership": True, "face.local": True}
    member = shop.enrol(consents=consents)
    shop.take_face(member)
    faces, replica = shop.box.agent.services.faces, shop.box.storage.replica
    assert faces.consents.may_walk_up() == {member}
    shop.say(member, "face.walk_up", given=False)
    assert faces.consents.may_walk_up() == frozenset()
    assert shop.held() == [member], "her face is still hers to show"
    shop.box.clock.advance(1_000)
    shop.say(member, "face.walk_up", given=True, nth=1)
    assert faces.consents.may_walk_up() == {member}
    withdrawn = member_record(walk_up_withdrawn_ms=shop.box.clock.now().wall_ms + 5_000)
    replica.put_member(member, 9, withdrawn)
    faces.consents.heard(member, replica)
    assert faces.consents.may_walk_up() == frozenset(), "on her phone"
    assert shop.held() == [member]
    assert shop.look(FACE)["outcome"] == "member", "she may ask as before"


def test_privacy_b06_another_word_withdrawn_leaves_the_face_findable(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    for kind in ("marketing", "face.minor_guardian"):
        assert shop.say(member, kind, given=False).status_code == 200
        assert shop.held() == [member]
        assert shop.look(FACE)["outcome"] == "member", kind
    withdrawn = member_record(guardian_withdrawn_ms=shop.box.clock.now().wall_ms + 5_000)
    shop.box.storage.replica.put_member(member, 9, withdrawn)
    shop.box.agent.services.faces.consents.heard(member, shop.box.storage.replica)
    assert shop.look(FACE)["outcome"] == "member", "her own word at fourteen stands alone"


def test_privacy_b06_a_guardian_takes_it_back_on_the_phone(shop: Shop) -> None:
    consents = {"membership": True, "face.local": True, "face.minor_guardian": True}
    body = {"name": "小宝", "phone": "13900000005", "consents": consents}
    till = shop.box.till()
    answer = till.post("/v1/enrolments", json=body, headers=shop.headers("guarded"))
    child = UUID(answer.json()["member_id"])
    assert shop.take_face(child)["accepted"] == 1
    faces, replica = shop.box.agent.services.faces, shop.box.storage.replica
    withdrawn = member_record(guardian_withdrawn_ms=shop.box.clock.now().wall_ms + 5_000)
    replica.put_member(child, 9, withdrawn)
    faces.consents.heard(child, replica)
    faces.consents.heard(child, replica)
    assert shop.held() == []
    assert shop.look(FACE)["outcome"] != "member"
    assert len(shop.journalled(EventType.FACE_ERASED)) == 1
    shop.box.clock.advance(10_000)
    refused = shop.say(child, "face.local", given=True, old_enough=False)
    assert refused.json()["code"] == FaultCode.FACE_MINOR.value, "no guardian stands behind her"


def test_privacy_b06_a_withdrawal_during_a_power_cut_is_made_up_for(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    erasure = shop.box.storage.gallery.erase(member, "withdrawn", 1)
    assert erasure is not None
    assert shop.journalled(EventType.FACE_ERASED) == []
    shop.open_again()
    assert len(shop.journalled(EventType.FACE_ERASED)) == 1
    shop.open_again()
    assert len(shop.journalled(EventType.FACE_ERASED)) == 1


def test_privacy_b06_a_lease_that_ended_in_the_dark_is_matched_by_nobody(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    shop.box.storage.gallery.renew([member], 0)
    shop.open_again()
    assert shop.held() == [], "gone before the templates were read, without any turn"
    assert len(shop.box.agent.services.gallery) == 0
    (erased,) = shop.journalled(EventType.FACE_ERASED)
    assert isinstance(erased, FaceErased)
    assert b"expired" in erased.receipt


def test_privacy_b03_a_word_on_roaming_lets_nothing_out_and_nothing_in(shop: Shop) -> None:
    member = shop.enrol()
    assert shop.say(member, "face.roaming", given=True).status_code == 200
    shop.take_face(member)
    sent = [record.draft.body for record in shop.box.storage.journal.records()]
    sent += [json.dumps(shop.box.directory.asked).encode()]
    assert not [needle for needle in needles(shop) if [one for one in sent if needle in one]]
    assert shop.say(member, "face.local", given=False).status_code == 200
    assert shop.held() == [], "the word on roaming holds no template"
    assert shop.take_face(member, STRANGER)["code"] == FaultCode.FACE_CONSENT_MISSING.value


def test_privacy_b06_an_offline_shop_forgets_by_itself(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    keeper = shop.box.agent.services.faces.keeper
    keeper.turn()
    shop.box.clock.wall_ms += 40 * DAY_MS
    keeper.turn()
    assert shop.held() == [member], "a clock that jumps erases nobody"
    for _day in range(LOCAL_LEASE_MS // DAY_MS + 1):
        shop.box.clock.advance(DAY_MS)
        keeper.turn()
    assert shop.held() == []
    (erased,) = shop.journalled(EventType.FACE_ERASED)
    assert b"expired" in erased.receipt

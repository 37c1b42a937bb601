"""Requirements B1 to B16 on faces, each shown on the box as it is built; docs/reference/privacy.md.

The agent is the real one over real files; a fake camera and engine stand for the lens and the nets,
so that every embedding that is computed can be counted and searched for afterwards.
"""

import base64
import gc
import json
import re
import threading
import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import SecretBytes
from typer.testing import CliRunner

from edge_agent.__main__ import app as cli
from edge_agent.bootstrap.basis import basis_of, open_storage
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.face_models import FaceEngines
from edge_agent.evaluate.cli import app as reports
from edge_agent.ports.face import FaceReading
from edge_agent.services.watch_lane import WatchLane
from retail_core.errors import Fault
from retail_core.identity.assurance import Assurance, Factor, assurance_of
from retail_core.identity.erasure import SignedReceipt, open_receipt, to_file
from retail_core.identity.face_lease import DAY_MS, LOCAL_LEASE_MS
from retail_core.texts.faults import FaultCode
from retail_core.wire import messages
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import EventType, FaceErased, FaceHeld
from tests.factories.agent_api import MEMBER, PHONE, Box, face_leave, member_record
from tests.factories.agent_files import OPERATOR_PIN
from tests.factories.faces import POLICY
from tests.fakes.camera import FakeCamera, picture
from tests.fakes.face import FakeFaceEngine
from tests.fakes.qr import FakeQrReader

FACE, STRANGER = 40, 90
PASSERS_BY = 10_000
WIDTH = 512


def vector(seed: int) -> NDArray[np.float32]:
    """A unit vector as an embedder gives it."""
    made = np.random.default_rng(seed).normal(size=WIDTH).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made), np.float32)


CANARY = vector(7)


class Shop:
    """A box with a lens; `open_again` is the next morning, over the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lens = FakeCamera()
        readings = {FACE: FaceReading(CANARY, None), STRANGER: FaceReading(vector(8), None)}
        self.engine = FakeFaceEngine(readings)
        self.box = self._opened()

    def _opened(self) -> Box:
        face = FaceEngines(self.engine, self.engine, POLICY)
        devices = Devices(camera=self.lens, face=face, qr=FakeQrReader())
        box = Box(self.folder, devices)
        devices.start()
        return box

    def open_again(self) -> None:
        self.box.agent.stop()
        self.box = self._opened()

    def headers(self, key: str) -> dict[str, str]:
        body = {"number": "1001", "pin": OPERATOR_PIN}
        token = self.box.till().post("/v1/operators/login", json=body).json()["operator_token"]
        return {"X-Operator": token, "Idempotency-Key": f"key-of-{key}"}

    def enrol(self, phone: str = "13900000001", **said: Any) -> UUID:
        """Enrol a member with her consent to faces; return her id."""
        consents = {"membership": True, "face.local": True}
        body = {"name": "赵一", "phone": phone, "consents": consents, "is_14_or_older": True}
        answer = self.box.till().post(
            "/v1/enrolments", json=body | said, headers=self.headers(phone)
        )
        return UUID(answer.json()["member_id"])

    def take_face(self, member: UUID, key: int = FACE) -> Any:
        done, content = cv2.imencode(".png", picture(key))
        assert done
        body = {"images": [base64.b64encode(content.tobytes()).decode()]}
        path = f"/v1/enrolments/{member}/face"
        headers = self.headers(f"face-{member}-{key}")
        return self.box.till().post(path, json=body, headers=headers).json()

    def look(self, key: int) -> Any:
        self.lens.show(picture(key))
        asked = {"factors": ["face"], "deadline_ms": 5_000 if key == FACE else 500}
        answer = self.box.till().post("/v1/identify", json=asked).json()
        self.lens.show(None)
        return answer

    def say(self, member: UUID, kind: str, *, given: bool, nth: int = 0) -> Any:
        body = {"kind": kind, "given": given, "is_14_or_older": True}
        path = f"/v1/members/{member}/consents"
        headers = self.headers(f"say-{kind}-{given}-{nth}")
        return self.box.till().post(path, json=body, headers=headers)

    def journalled(self, type_: EventType) -> list[Any]:
        records = self.box.storage.journal.records(type_=type_)
        return [decode_body(record.draft.type, record.draft.body) for record in records]

    def held(self) -> list[UUID]:
        return [one.member_id for one in self.box.storage.gallery.holders()]

    def stop(self) -> None:
        self.box.agent.stop()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.stop()


def needles(shop: Shop) -> list[bytes]:
    """The canary as it could lie in a file: raw and rotated, in every width, and as text."""
    rotated = shop.box.storage.gallery.rotation.turn(CANARY)
    found = []
    for numbers in (CANARY, rotated):
        for width in ("<f2", "<f4", "<f8", ">f4"):
            found += [numbers.astype(width).tobytes()[at : at + 24] for at in (0, 512)]
        text = [f"{float(number):.5f}".encode() for number in numbers[:2]]
        found.append(b", ".join(text))
        found.append(b",".join(text))
    return found


def hits(folder: Path, wanted: list[bytes]) -> list[str]:
    """Names of files below a folder in which any of the byte strings stands."""
    found = []
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        found += [path.name for needle in wanted if needle in content]
    return found


# ---- B1 to B5: when, with whose consent, and who not --------------------------------------------


def test_privacy_b01_ten_thousand_frames_without_an_act_compute_nothing(shop: Shop) -> None:
    shop.take_face(shop.enrol())
    computed = shop.engine.calls
    lane = WatchLane(shop.box.agent.services.identify, lambda _result: None)
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
    assert shop.box.till().get(f"/v1/members/{member}").json()["name"] == "赵一"
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
    file = tmp_path / "receipt.json"
    file.write_bytes(to_file(signed))
    run = CliRunner().invoke
    assert run(cli, ["consent", "verify", str(file)]).exit_code == 0
    assert run(cli, ["consent", "verify", str(file), "--member", str(member)]).exit_code == 0
    assert run(cli, ["consent", "verify", str(file), "--member", str(MEMBER)]).exit_code == 3
    assert run(cli, ["consent", "verify", str(file), "--public-key", "00" * 32]).exit_code == 3
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


# ---- B7 to B10: how it rests ---------------------------------------------------------------------


def test_privacy_b07_the_files_open_on_no_other_box(shop: Shop) -> None:
    shop.take_face(shop.enrol())
    shop.box.agent.stop()
    settings = shop.box.settings
    keys, identity = settings.device.keys, settings.device.identity
    stolen = keys.model_copy(update={"storage_key": SecretBytes(b"\x56" * 32)})
    other = identity.model_copy(update={"device": UUID(int=4)})
    for changed in ({"keys": stolen}, {"identity": other}):
        device = settings.device.model_copy(update=changed)
        with pytest.raises(Fault) as caught, ExitStack() as files:
            open_storage(basis_of(settings.model_copy(update={"device": device}), "x"), files)
        assert caught.value.code is FaultCode.DISK_KEY_WRONG
    shop.open_again()
    assert len(shop.held()) == 1


def test_privacy_b08_what_the_shop_knows_is_rotated_and_can_be_renewed(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    gallery = shop.box.storage.gallery
    (held,) = gallery.load(shop.engine.model_id)
    assert abs(float(held.embedding @ CANARY)) < 0.3
    (in_memory,) = shop.box.agent.services.gallery.templates_of(member)
    assert abs(float(in_memory @ CANARY)) < 0.3
    old = gallery.rotation.turn(CANARY)
    gallery.rotate()
    shop.open_again()
    found = shop.look(FACE)
    assert found["outcome"] == "member", found["reasons"]
    (renewed,) = shop.box.storage.gallery.load(shop.engine.model_id)
    assert abs(float(renewed.embedding @ old)) < 0.3, "what leaked before is worth nothing"


def test_privacy_b09_no_picture_is_ever_written(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    shop.look(FACE)
    shop.look(STRANGER)
    shop.box.agent.stop()
    raw = picture(FACE).tobytes()[:256]
    magic = [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n", b"RIFF", raw, picture(STRANGER).tobytes()[:256]]
    assert hits(shop.folder, magic) == []
    for name in (field for one in vars(messages).values() for field in _fields(one)):
        assert not re.search(r"image|photo|picture|pixels|thumb", name)


def test_privacy_b10_what_matches_nobody_is_dropped_at_once(shop: Shop) -> None:
    shop.take_face(shop.enrol())
    seen: list[weakref.ref[NDArray[np.float32]]] = []

    class Watched(FakeFaceEngine):
        """Gives a fresh embedding each time and keeps only a weak eye on it."""

        def read(self, image: NDArray[np.uint8]) -> FaceReading:
            reading = super().read(image)
            assert reading.embedding is not None
            fresh = reading.embedding.copy()
            seen.append(weakref.ref(fresh))
            return replace(reading, embedding=fresh)

    watched = Watched(shop.engine.readings)
    face = shop.box.agent.services.identify._lane.face
    assert face is not None
    face.engine.inner = watched  # type: ignore[attr-defined]
    assert shop.look(STRANGER)["outcome"] == "unknown"
    gc.collect()
    assert len(seen) > 1
    assert [ref for ref in seen if ref() is not None] == []
    assert len(shop.box.agent.services.gallery) == 1, "nobody unknown is counted"


# ---- B11 to B16: rights, limits, honesty ---------------------------------------------------------


def test_privacy_b11_a_member_gets_everything_but_the_vector(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    shop.say(member, "marketing", given=True)
    shop.box.agent.stop()
    config = str(shop.folder / "agent.toml")
    done = CliRunner().invoke(cli, ["member", "export", str(member), "--config", config])
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert said["profile"]["name"] == "赵一"
    assert {one["kind"] for one in said["consents"]} == {"membership", "face.local", "marketing"}
    assert said["face"]["held"]
    assert (said["face"]["templates"], said["face"]["models"]) == (1, [shop.engine.model_id])
    assert {"member.enrolled", "consent.given", "face.held"} <= {e["type"] for e in said["events"]}
    assert not [needle for needle in needles(shop) if needle in done.output.encode()]
    assert "digit_secret" not in said["profile"]


def test_privacy_b12_a_face_nobody_uses_is_erased_and_the_consent_kept(shop: Shop) -> None:
    used, idle = shop.enrol(), shop.enrol("13900000002")
    shop.take_face(used)
    shop.take_face(idle, STRANGER)
    keeper, gallery = shop.box.agent.services.faces.keeper, shop.box.storage.gallery
    keeper.turn()
    for _month in range(19):
        shop.box.clock.advance(20 * DAY_MS)
        gallery.renew([used, idle], 1 << 60)
        keeper.saw(used)
        keeper.turn()
    assert shop.held() == [used]
    (erased,) = shop.journalled(EventType.FACE_ERASED)
    assert b"unused" in erased.receipt
    kinds = [one.kind for one in gallery.ledger.words(idle)]
    assert kinds == ["membership", "face.local"]


def test_privacy_b13_each_person_is_reported_once_and_taken_back(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    records = shop.box.storage.journal.records(type_=EventType.FACE_HELD)
    assert [record.draft.member for record in records] == [member]
    shop.say(member, "face.local", given=False)
    records = shop.box.storage.journal.records(type_=EventType.FACE_ERASED)
    assert [record.draft.member for record in records] == [member]


def test_privacy_b14_accuracy_can_be_reported_from_any_folder() -> None:
    asked = CliRunner().invoke(reports, ["faces", "--help"])
    assert asked.exit_code == 0
    assert "labels.csv" in asked.output


FORBIDDEN = re.compile(
    r"emotion|mood|health_status|illness|ethnic|race_|religion|wealth|income|gender|\bsex\b"
)


def _fields(found: object) -> tuple[str, ...]:
    return tuple(getattr(found, "__struct_fields__", ()))


def test_privacy_b15_nothing_is_inferred_from_a_face(shop: Shop) -> None:
    names = [name for found in vars(messages).values() for name in _fields(found)]
    assert len(names) > 50
    schema = json.dumps(shop.box.app.openapi()["components"]["schemas"])
    root = Path(__file__).parents[3] / "cloud_broker" / "migrations"
    tables = "".join(path.read_text(encoding="utf-8") for path in root.rglob("*.sql"))
    tables += "".join(path.read_text(encoding="utf-8") for path in root.rglob("m*.py"))
    for text in (" ".join(names), schema, tables):
        assert not FORBIDDEN.search(text)


def test_privacy_b16_a_face_pays_nothing(shop: Shop) -> None:
    assert assurance_of(Factor.FACE_VOTE) < Assurance.HIGH
    shop.take_face(shop.enrol())
    found = shop.look(FACE)
    assert (found["outcome"], found["assurance"]) == ("member", "low")
    assert found["member"]["points_free"] is None, "nor does it open the wallet"


# ---- face off until HQ says on -------------------------------------------------------------------


def test_without_hqs_leave_nothing_is_computed(shop: Shop) -> None:
    member = shop.enrol()
    leave = shop.box.agent.services.faces.leave
    leave.take(face_leave(2, enabled=False))
    assert shop.take_face(member)["code"] == FaultCode.FACE_DISABLED.value
    asked = shop.look(FACE)
    assert [one["code"] for one in asked["reasons"]] == [FaultCode.FACE_DISABLED.value]
    assert shop.engine.calls == 0
    with pytest.raises(Fault, match="R603"):
        leave.take(face_leave(1))
    with pytest.raises(Fault, match="R603"):
        leave.take(face_leave(3)[:-2] + b"1}")
    leave.take(face_leave(3))
    assert shop.take_face(member)["accepted"] == 1


def test_a_fetched_leave_outlives_a_restart(shop: Shop) -> None:
    shop.box.directory.down = False
    shop.box.directory.face = face_leave(5)
    leave = shop.box.agent.services.faces.leave
    leave.refresh()
    assert leave.held is not None
    assert leave.held.version == 5

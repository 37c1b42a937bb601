"""Requirements B7 to B16 on faces: how they rest, a member's rights, limits.

The agent is the real one over real files; a fake camera and engine stand for the lens and the nets,
so that every embedding that is computed can be counted and searched for afterwards.
"""

import gc
import json
import re
import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import SecretBytes
from typer.testing import CliRunner

from edge_agent.adapters.board import UNBOUND, Board
from edge_agent.bootstrap.basis import basis_of, open_storage
from edge_agent.cli.commands import app as cli
from edge_agent.evaluate.cli import app as reports
from edge_agent.lane_settings import ONLY_LANE
from edge_agent.ports.face import FaceReading
from retail_core.errors import Fault
from retail_core.identity.assurance import Assurance, Factor, assurance_of
from retail_core.identity.face_lease import CONSENT_KEPT_DAYS, DAY_MS
from retail_core.texts.faults import FaultCode
from retail_core.wire import messages
from retail_core.wire.kinds import EventType
from tests.factories.agent_api import face_leave
from tests.factories.agent_files import OPERATOR_PIN
from tests.factories.privacy import CANARY, FACE, STRANGER, Shop, hits, needles
from tests.factories.waiting import eventually
from tests.factories.written import written_below
from tests.fakes.camera import picture
from tests.fakes.face import FakeFaceEngine

# SQLite's log and shared index beside each database, and documents written anew beside the old.
BOX_FILES = re.compile(
    r"(journal|replica|gallery|proofs|cards|agreement)\.db(-wal|-shm|-journal|\.lock)?|documents\.json(\..*)?"
    r"|journal\.(seal(\.new)?|reserve)"
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.stop()


# ---- B7 to B10: how it rests ---------------------------------------------------------------------


def test_privacy_b07_the_files_open_on_no_other_box(shop: Shop) -> None:
    shop.take_face(shop.enrol())
    shop.box.agent.stop()
    settings = shop.box.settings
    keys = settings.device.keys
    stolen = keys.model_copy(update={"storage_key": SecretBytes(b"\x56" * 32)})
    device = settings.device.model_copy(update={"keys": stolen})
    with pytest.raises(Fault) as caught, ExitStack() as files:
        open_storage(basis_of(settings.model_copy(update={"device": device}), "x"), files)
    assert caught.value.code is FaultCode.DISK_KEY_WRONG
    shop.open_again()
    assert len(shop.held()) == 1


def test_privacy_b07_a_card_in_another_board_gives_no_face_and_still_sells(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    shop.box.agent.stop()
    for board, held, faults in (
        (Board("otp", SecretBytes(b"\x01" * 32)), 1, {}),
        (Board("otp", SecretBytes(b"\x02" * 32)), 0, {FaultCode.FACE_OTHER_BOARD: 1}),
        (UNBOUND, 0, {FaultCode.FACE_OTHER_BOARD: 1}),
    ):
        with ExitStack() as files:
            basis = basis_of(shop.box.settings, "x", board=board)
            storage = open_storage(basis, files)
            assert len(list(storage.gallery.load(shop.engine.model_id))) == held
            assert basis.tally.snapshot() == faults
            assert storage.replica.member(member), "the shop still knows her by code and card"


def test_privacy_b08_what_the_shop_knows_is_rotated_and_can_be_renewed(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    gallery = shop.box.storage.gallery
    (held,) = gallery.load(shop.engine.model_id)
    assert abs(float(held.embedding @ CANARY)) < 0.3
    (in_memory,) = shop.box.agent.services.gallery.templates_of(member)
    assert abs(float(in_memory @ CANARY)) < 0.3
    old = gallery.rotation.turn(CANARY)
    config = str(shop.folder / "agent.toml")
    asked = CliRunner().invoke(cli, ["consent", "rotate", "--config", config])
    assert asked.exit_code != 0, "an agent runs: it is asked, and wants to know who asks"
    assert "operator" in asked.output
    shop.box.agent.stop()
    done = CliRunner().invoke(cli, ["consent", "rotate", "--config", config])
    assert "epoch 2" in done.output
    shop.open_again()
    found = shop.look(FACE)
    assert found["outcome"] == "member", found["reasons"]
    (renewed,) = shop.box.storage.gallery.load(shop.engine.model_id)
    assert abs(float(renewed.embedding @ old)) < 0.3, "what leaked before is worth nothing"


def test_privacy_b08_it_is_renewed_while_the_shop_is_open(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    gallery, turning = shop.box.storage.gallery, shop.box.agent.services.faces.turning
    old = gallery.rotation.turn(CANARY)
    turning._drain_s = 0
    screen = shop.box.screen()
    refused = screen.post("/v1/faces/rotation", headers=signed_in(shop, "1001"), json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "A190")
    asked = screen.post("/v1/faces/rotation", headers=signed_in(shop, "1002"), json={})
    assert (asked.status_code, asked.json()["running"]) == (202, True)
    eventually(turning.is_open)
    assert screen.get("/v1/faces/rotation").json() == {"epoch": 2, "running": False, "code": None}
    found = shop.look(FACE)
    assert found["outcome"] == "member", found["reasons"]
    (renewed,) = gallery.load(shop.engine.model_id)
    assert abs(float(renewed.embedding @ old)) < 0.3, "what leaked before is worth nothing"
    (in_memory,) = shop.box.agent.services.gallery.templates_of(member)
    assert np.allclose(in_memory, renewed.embedding, atol=1e-4)
    shop.open_again()
    assert shop.look(FACE)["outcome"] == "member"


def test_privacy_b08_faces_rest_while_they_are_turned(shop: Shop) -> None:
    shop.take_face(shop.enrol())
    turning = shop.box.agent.services.faces.turning
    turning.begin()
    assert shop.look(FACE)["outcome"] != "member"
    turning.stop()
    assert shop.look(FACE)["outcome"] == "member"


def signed_in(shop: Shop, number: str) -> dict[str, str]:
    """Sign an operator in."""
    said = shop.box.screen().post(
        "/v1/operators/login", json={"number": number, "pin": OPERATOR_PIN}
    )
    return {"X-Operator": said.json()["operator_token"]}


def test_privacy_b09_no_picture_is_ever_written(shop: Shop) -> None:
    with written_below(shop.folder) as written:
        member = shop.enrol()
        shop.take_face(member)
        shop.look(FACE)
        shop.look(STRANGER)
        shop.box.agent.stop()
    strange = {name for name in written if not BOX_FILES.fullmatch(name)}
    assert strange == set(), "nothing but the box's own files was written, not for a moment"
    assert any(name.startswith("gallery.db") for name in written), "the watcher sees"
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
    face = shop.box.agent.services.lanes[ONLY_LANE].identify._lane.face
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


def test_privacy_b11_receipts_are_written_where_she_says_even_into_a_new_folder(
    shop: Shop, tmp_path: Path
) -> None:
    member, other = shop.enrol(), shop.enrol("13900000002")
    shop.take_face(member)
    shop.say(member, "face.local", given=False)
    shop.box.agent.stop()
    config, out = str(shop.folder / "agent.toml"), tmp_path / "new" / "folder"
    run = CliRunner().invoke
    asked = ("consent", "receipts", "--config", config, "--out", str(out))
    assert run(cli, [*asked, str(member)]).exit_code == 0
    (file,) = out.iterdir()
    assert run(cli, ["consent", "verify", str(file), "--member", str(member)]).exit_code == 0
    nothing = run(cli, [*asked, str(other)])
    assert (nothing.exit_code, "本店没有删过" in nothing.stderr) == (0, True)
    refused = run(cli, [*asked[:-1], str(file), str(member)])
    assert (refused.exit_code, "I105" in refused.stderr) == (3, True)


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


def test_privacy_b12_a_consent_goes_three_years_after_its_end(shop: Shop) -> None:
    member = shop.enrol()
    shop.take_face(member)
    keeper, ledger = shop.box.agent.services.faces.keeper, shop.box.storage.gallery.ledger
    shop.say(member, "face.local", given=False)
    keeper.turn()
    for days, kinds in (
        (CONSENT_KEPT_DAYS - 1, ["membership", "face.local", "face.local"]),
        (1, ["membership"]),
    ):
        shop.box.clock.advance(days * DAY_MS)
        keeper.turn()
        assert [one.kind for one in ledger.words(member)] == kinds
    assert ledger.erasures(member), "while anything of hers is kept, so is her receipt"


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
    r"emotion|mood|health_status|illness|ethnic|\brace_|religion|wealth|income|gender|\bsex\b"
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

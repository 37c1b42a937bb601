"""Models on their way to a box: proven and tried before they are taken, never older than before."""

from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from onnx import helper

from edge_agent.drivers.face_onnx.selftest import SelfTest
from edge_agent.drivers.face_onnx.session import Session
from edge_agent.drivers.face_onnx.shelf import BUNDLE_FILE, ModelShelf
from edge_agent.drivers.face_onnx.trust import trusted_models
from edge_agent.ports.cloud_link import Inbound
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.recognition.model_intake import ModelIntake
from retail_core.errors import Fault
from retail_core.identity.model_card import ModelBundle, ModelCard, sign_models
from retail_core.tally import FaultTally
from retail_core.texts.faults import FAULTS, FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.messages import WIRE_VERSION, Published
from tests.factories.nets import card_of, doubling, net_of
from tests.factories.waiting import PATIENCE_S, eventually
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.replica import FakeReplica

SEED, OTHER_SEED = bytes(range(32)), bytes(range(1, 33))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()


class Box:
    """A box with version 3 in use from its file, and the line on which it hears of more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "models"
        self.program.mkdir()
        self.net = doubling()
        self.card = card_of(self.program, self.net)
        self.cloud = FakeCloudDirectory()
        self.tally = FaultTally()
        self.shelf = ModelShelf(folder / "data", self.program, PUBLIC)
        self.lay(3)
        self.trials: list[str] = []
        self.kind: type[SelfTest] = SelfTest
        self.intake = self.new_intake()
        self.downlink = Downlink(
            FakeReplica(),
            self.cloud,
            FakeClock(),
            self.tally,
            bundle_public_key=PUBLIC,
            models=self.told,
        )

    def told(self, published: Published | None) -> None:
        self.intake.told(published)

    def new_intake(self) -> ModelIntake:
        return ModelIntake(
            self.cloud, self.shelf, self.chosen, self.trial, self.tally, public_key=PUBLIC,
            retry_s=0.01,
        )  # fmt: skip

    def chosen(self, bundle: ModelBundle) -> Collection[str]:
        return [name for name in bundle.models if name != "of another profile"]

    def trial(self, folder: Path, cards: Mapping[str, ModelCard]) -> SelfTest:
        self.trials.append(folder.name)
        return self.kind(folder, cards, time_limit_s=PATIENCE_S)

    def signed(self, version: int, card: ModelCard | None = None, seed: bytes = SEED) -> bytes:
        card = card or self.card
        absent = msgspec.structs.replace(card, sha256="ab" * 32, file="other.onnx")
        models = {"twice": card, "of another profile": absent}
        return sign_models(ModelBundle(version=version, models=models), seed)

    def lay(self, version: int, content: bytes | None = None) -> None:
        """Put a bundle beside the program, as a technician would, and use it."""
        (self.program / BUNDLE_FILE).write_bytes(content or self.signed(version))

    def publish(self, version: int, signed: bytes, announced: bytes | None = None) -> None:
        """Let HQ publish, and the box hear of it; wait until it has made up its mind."""
        self.cloud.model_bundles[version] = signed
        said = signed if announced is None else announced
        message = Published(WIRE_VERSION, "models", version, sha256(said).digest(), len(said))
        self.downlink.take(Inbound("all/models", encode(message)))
        self.settled()

    def settled(self) -> None:
        eventually(lambda: self.intake._thread is None)

    def starts(self) -> int:
        """Start again: return the version that is taken, after its self-test has passed."""
        found = trusted_models(self.program, None, PUBLIC, self.shelf, production=True)
        card = found.bundle.models["twice"]
        SelfTest(found.folder, {"twice": card}, time_limit_s=PATIENCE_S).run()
        assert found.signed is not None
        self.shelf.accept(found.signed)
        return found.bundle.version


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path)
    assert box.starts() == 3
    yield box
    box.intake.stop()


def refusal(box: Box) -> Fault:
    with pytest.raises(Fault) as caught:
        box.starts()
    return caught.value


def fresh(folder: Path) -> tuple[bytes, ModelCard]:
    """Another net, that the box does not have yet."""
    folder.mkdir()
    nodes = [helper.make_node("Add", ["input", "input"], ["sum"])]
    nodes.append(helper.make_node("Add", ["sum", "input"], ["output"]))
    content = net_of(*nodes)
    return content, card_of(folder, content)


def test_a_new_calibration_is_taken_at_the_next_start(box: Box) -> None:
    card = msgspec.structs.replace(box.card, thresholds={"score": 0.9})
    box.publish(4, box.signed(4, card))
    assert box.trials == ["v4"]
    assert box.intake.waiting == 4
    assert box.intake.noted() == ()
    assert not [asked for asked in box.cloud.asked if "file" in asked], "the weights lay there"
    assert box.starts() == 4
    found = trusted_models(box.program, None, PUBLIC, box.shelf, production=True)
    assert found.bundle.models["twice"].thresholds == {"score": 0.9}


def test_new_weights_are_fetched_proven_and_tried(box: Box, tmp_path: Path) -> None:
    content, card = fresh(tmp_path / "hq")
    box.cloud.weights[card.sha256] = content
    box.publish(9, box.signed(9, card))
    assert box.starts() == 9
    found = trusted_models(box.program, None, PUBLIC, box.shelf, production=True)
    Session("twice", found.folder, card)
    # A later bundle with the same weights does not fetch them again; what nobody needs goes.
    asked = list(box.cloud.asked)
    box.publish(10, box.signed(10, card))
    assert [one for one in box.cloud.asked[len(asked) :] if "file" in one] == []
    assert box.starts() == 10
    box.publish(11, box.signed(11, card))
    assert sorted(path.name for path in (tmp_path / "data").glob("v*")) == ["v10", "v11"]
    assert [path.name for path in (tmp_path / "data" / "files").iterdir()] == [card.sha256]


def test_a_box_that_was_away_looks_when_its_session_begins(box: Box) -> None:
    box.downlink.ask_all()
    box.downlink.take(box.downlink._inbox.get())
    box.settled()
    assert box.tally.snapshot() == {}, "nothing is published yet, and nothing is wrong"
    box.cloud.model_bundles[5] = box.signed(5)
    box.downlink.ask_all()
    box.downlink.take(box.downlink._inbox.get())
    box.settled()
    assert box.starts() == 5
    box.downlink.ask_all()
    box.downlink.take(box.downlink._inbox.get())
    box.settled()
    assert box.trials == ["v5"], "what is in use is not tried again"


def test_an_older_bundle_is_refused_over_the_line_and_on_the_disk(box: Box) -> None:
    box.publish(7, box.signed(7))
    assert box.starts() == 7
    box.publish(6, box.signed(6))
    assert [one.code for one in box.intake.noted()] == [FaultCode.MODEL_UPDATE_REFUSED]
    assert FaultCode.MODEL_BUNDLE_OLDER.value in str(box.intake.fault)
    assert box.starts() == 7
    # Somebody puts the old file back, and takes away what the cloud had sent.
    box.lay(5)
    assert box.starts() == 7
    (box.folder / "data" / "current").unlink()
    fault = refusal(box)
    assert fault.code is FaultCode.MODEL_BUNDLE_OLDER
    box.lay(8)
    assert box.starts() == 8


def test_a_newer_file_beside_the_program_wins(box: Box) -> None:
    box.publish(4, box.signed(4))
    box.lay(12)
    assert box.starts() == 12
    box.publish(11, box.signed(11))
    assert box.starts() == 12


def test_a_damaged_file_beside_the_program_does_not_shadow_what_hq_sent(box: Box) -> None:
    box.publish(4, box.signed(4))
    box.lay(0, b"\0" * 100)
    assert box.starts() == 4
    (box.program / BUNDLE_FILE).unlink()
    assert box.starts() == 4
    (box.folder / "data" / "v4" / BUNDLE_FILE).write_bytes(b"\0" * 100)
    assert refusal(box).code is FaultCode.MODEL_BUNDLE_MISSING


def wrong_answer(box: Box) -> bytes:
    known = {"output": msgspec.structs.replace(box.card.known["output"], norm=1.0)}
    return box.signed(4, msgspec.structs.replace(box.card, known=known))


def foreign_signature(box: Box) -> bytes:
    return box.signed(4, seed=OTHER_SEED)


def altered(box: Box) -> bytes:
    return box.signed(4).replace(b'"size":', b'"size" :')


def a_way_out_of_the_folder(box: Box) -> bytes:
    return box.signed(4, msgspec.structs.replace(box.card, file="../../evil.onnx"))


def a_strange_hash(box: Box) -> bytes:
    return box.signed(4, msgspec.structs.replace(box.card, sha256="../" * 20))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (wrong_answer, FaultCode.MODEL_ANSWERS_WRONG),
        (foreign_signature, FaultCode.MODEL_BUNDLE_INVALID),
        (altered, FaultCode.MODEL_BUNDLE_INVALID),
        (a_way_out_of_the_folder, FaultCode.MODEL_FILE_WRONG),
        (a_strange_hash, FaultCode.MODEL_FILE_WRONG),
    ],
)
def test_what_does_not_pass_is_kept_out_and_told(box: Box, make: object, code: FaultCode) -> None:
    assert callable(make)
    box.publish(4, make(box))
    assert [one.code for one in box.intake.noted()] == [FaultCode.MODEL_UPDATE_REFUSED]
    assert code.value in str(box.intake.fault)
    assert FAULTS[code].zh.partition("{")[0] in box.intake.noted()[0].text("zh")
    assert box.tally.snapshot()[code.value] == 1
    assert box.intake.waiting == 0
    assert box.starts() == 3, "the old one goes on"
    assert not (box.folder / "data" / "v4").exists()
    tried = len(box.trials)
    box.downlink.ask_all()
    box.downlink.take(box.downlink._inbox.get())
    box.settled()
    assert len(box.trials) == tried, "it is not tried again at every reconnect"
    box.publish(5, box.signed(5))
    assert box.intake.noted() == ()
    assert box.starts() == 5


def test_a_bundle_other_than_the_announced_one_is_kept_out(box: Box) -> None:
    box.publish(4, box.signed(4), announced=b"something else")
    assert FaultCode.WIRE_MALFORMED.value in str(box.intake.fault)
    assert box.starts() == 3


def test_weights_other_than_the_named_ones_are_kept_out(box: Box, tmp_path: Path) -> None:
    content, card = fresh(tmp_path / "hq")
    box.cloud.weights[card.sha256] = content[:-1] + b"\0"
    box.publish(4, box.signed(4, card))
    assert FaultCode.MODEL_FILE_WRONG.value in str(box.intake.fault)
    assert box.starts() == 3


def test_a_line_that_breaks_is_tried_again(box: Box, tmp_path: Path) -> None:
    content, card = fresh(tmp_path / "hq")
    box.cloud.weights[card.sha256] = content
    box.cloud.model_bundles[4] = box.signed(4, card)
    box.cloud.down = True
    box.intake.told(None)
    eventually(lambda: box.tally.snapshot().get(FaultCode.SYNC_LINK_DOWN.value, 0) >= 2)
    box.cloud.down = False
    box.settled()
    assert box.starts() == 4


def test_a_full_disk_is_told_and_leaves_the_old_models(box: Box, tmp_path: Path) -> None:
    content, card = fresh(tmp_path / "hq")
    (tmp_path / "data" / "files").mkdir(parents=True, exist_ok=True)
    blocked = tmp_path / "data" / "files" / f"{card.sha256}.new"
    blocked.mkdir()
    box.cloud.weights[card.sha256] = content
    box.cloud.model_bundles[4] = box.signed(4, card)
    box.intake.told(None)
    eventually(lambda: box.tally.snapshot().get(FaultCode.DISK_MODELS.value, 0) >= 1)
    assert box.starts() == 3
    blocked.rmdir()
    box.settled()
    assert box.starts() == 4


@pytest.mark.parametrize("blocked", ["accepted.signed.new", "current.new"])
def test_a_switch_that_ends_in_its_middle_leaves_models_to_start_with(
    box: Box, blocked: str
) -> None:
    (box.folder / "data" / blocked).mkdir()
    box.cloud.model_bundles[4] = box.signed(4)
    box.intake.told(None)
    eventually(lambda: box.tally.snapshot().get(FaultCode.DISK_MODELS.value, 0) >= 1)
    box.intake.stop()
    (box.folder / "data" / blocked).rmdir()
    assert box.starts() in {3, 4}
    box.intake = box.new_intake()
    box.intake.told(None)
    box.settled()
    assert box.starts() == 4


def test_what_the_box_runs_stays_until_it_has_started_anew(box: Box) -> None:
    box.publish(4, box.signed(4))
    running = trusted_models(box.program, None, PUBLIC, box.shelf, production=True)
    box.publish(5, box.signed(5))
    assert (running.folder / running.bundle.models["twice"].file).exists()


def test_a_program_error_does_not_end_the_taking_in_of_models(box: Box) -> None:
    broken = [RuntimeError("a bug")]

    class Broken(SelfTest):
        def run(self) -> None:
            if broken:
                raise broken.pop()
            super().run()

    box.kind = Broken
    box.publish(4, box.signed(4))
    assert [one.code for one in box.intake.noted()] == [FaultCode.MODEL_UPDATE_REFUSED]
    box.publish(5, box.signed(5))
    assert box.starts() == 5


def test_weights_for_which_there_is_no_room_are_not_fetched_again_and_again(
    box: Box, tmp_path: Path
) -> None:
    content, card = fresh(tmp_path / "hq")
    box.cloud.weights[card.sha256] = content
    box.cloud.model_bundles[4] = box.signed(4, msgspec.structs.replace(card, size=1 << 60))
    box.intake.told(None)
    eventually(lambda: box.tally.snapshot().get(FaultCode.DISK_MODELS.value, 0) >= 2)
    box.intake.stop()
    assert not [asked for asked in box.cloud.asked if "file" in asked]


def test_an_end_in_the_middle_of_the_trial_changes_nothing(box: Box) -> None:
    class Slow(SelfTest):
        def run(self) -> None:
            assert not box.intake.noted()
            box.intake._stopping.wait(PATIENCE_S)
            super().run()

    box.kind = Slow
    box.cloud.model_bundles[4] = box.signed(4)
    box.intake.told(None)
    eventually(lambda: box.intake._running is not None)
    box.intake.stop()
    box.intake.stop()
    box.intake.told(None)
    assert box.intake.fault is None
    assert box.starts() == 3


def test_the_floor_of_another_hq_is_none(box: Box, tmp_path: Path) -> None:
    elsewhere = ModelShelf(tmp_path / "data", box.program, bytes(32))
    assert elsewhere.floor() == 0
    assert elsewhere.current() is None

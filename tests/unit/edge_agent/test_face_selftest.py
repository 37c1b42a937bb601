"""The self-test of the models: a child that dies, hangs or errs costs faces, and nothing else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from onnx import helper

from edge_agent.drivers.face_onnx.late import LateEngine, LateFaces, LateLook, LoadedFaces
from edge_agent.drivers.face_onnx.selftest import REFUSED, SelfTest
from edge_agent.drivers.face_onnx.selftest_child import picture_for
from edge_agent.drivers.face_onnx.shelf import BUNDLE_FILE, ModelShelf
from edge_agent.drivers.face_onnx.trust import trusted_models
from edge_agent.ports.face import FaceEngine, SecondLook
from edge_agent.recognition.enrol import plan_enrolment
from edge_agent.recognition.gallery import Gallery
from retail_core.errors import Fault
from retail_core.identity.model_card import KnownAnswer, ModelBundle, ModelCard, sign_models
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.faces import POLICY
from tests.factories.nets import card_of, doubling, net_of

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
PICTURE = np.zeros((8, 8, 3), np.uint8)
PATIENCE_S = 60.0


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    """A net that doubles, in `tmp_path`, with its known answer."""
    return card_of(tmp_path, doubling())


def child(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import os, signal, sys, time; sys.stdin.read(); {program}")


def outcome(test: SelfTest) -> Fault:
    with pytest.raises(Fault) as caught:
        test.run()
    return caught.value


def test_the_fixed_picture_is_the_same_everywhere() -> None:
    picture = picture_for((1, 3, "height", "width"))
    assert picture.shape == (1, 3, 128, 128)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() < picture.max() <= 255
    assert picture_for((1, 3, 8, 8)).tolist() == picture_for((1, 3, 8, 8)).tolist()


def test_a_model_that_answers_as_known_passes(tmp_path: Path, card: ModelCard) -> None:
    SelfTest(tmp_path, {"twice": card}).run()


@pytest.mark.parametrize("wrong", ["norm", "first", "fewer", "none"])
def test_another_answer_is_a_wrong_one(tmp_path: Path, card: ModelCard, wrong: str) -> None:
    right = card.known["output"]
    known = {
        "norm": KnownAnswer(right.norm * 1.01, right.first),
        "first": KnownAnswer(right.norm, (right.first[0] + 5, *right.first[1:])),
        "fewer": KnownAnswer(right.norm, right.first[:-1]),
        "none": right,
    }[wrong]
    answers = {} if wrong == "none" else {"output": known}
    fault = outcome(SelfTest(tmp_path, {"twice": msgspec.structs.replace(card, known=answers)}))
    assert fault.code is FaultCode.MODEL_ANSWERS_WRONG
    assert fault.fields == {"name": "twice"}


def test_what_is_no_number_is_no_right_answer(tmp_path: Path, card: ModelCard) -> None:
    less = helper.make_node("Sub", ["input", "input"], ["none"])
    broken = card_of(tmp_path, net_of(less, helper.make_node("Div", ["none", "none"], ["output"])))
    fault = outcome(SelfTest(tmp_path, {"x": msgspec.structs.replace(broken, known=card.known)}))
    assert fault.code is FaultCode.MODEL_ANSWERS_WRONG


def test_the_last_digits_may_differ(tmp_path: Path, card: ModelCard) -> None:
    right = card.known["output"]
    near = KnownAnswer(right.norm * 1.001, tuple(value * 1.001 for value in right.first))
    SelfTest(tmp_path, {"twice": msgspec.structs.replace(card, known={"output": near})}).run()


def test_a_changed_file_is_not_even_run(tmp_path: Path, card: ModelCard) -> None:
    (tmp_path / "twice.onnx").write_bytes(doubling() + b"!")
    fault = outcome(SelfTest(tmp_path, {"twice": card}))
    assert (fault.code, fault.fields) == (FaultCode.MODEL_HASH, {"name": "twice"})
    refused = child(f"print('{{}}'); sys.exit({REFUSED})")
    said_badly = outcome(SelfTest(tmp_path, {"twice": card}, command=refused))
    assert said_badly.code is FaultCode.MODEL_CRASHED


@pytest.mark.parametrize("which", [signal.SIGILL, signal.SIGSEGV, signal.SIGKILL])
def test_a_child_that_dies_by_a_signal_is_told_from_one_that_fails(
    tmp_path: Path, card: ModelCard, which: signal.Signals
) -> None:
    command = child(f"os.kill(os.getpid(), {which.value})")
    fault = outcome(SelfTest(tmp_path, {"twice": card}, command=command))
    assert fault.code is FaultCode.MODEL_CRASHED
    assert fault.fields == {"how": f"signal {which.value}"}


@pytest.mark.parametrize(
    ("program", "how"),
    [
        ("sys.exit('no such wheel')", "exit 1: no such wheel"),
        ("os._exit(7)", "exit 7: -"),
        ("print('not json')", "JSON is malformed"),
    ],
)
def test_a_child_that_fails_is_quoted(
    tmp_path: Path, card: ModelCard, program: str, how: str
) -> None:
    fault = outcome(SelfTest(tmp_path, {"twice": card}, command=child(program)))
    assert fault.code is FaultCode.MODEL_CRASHED
    assert str(fault.fields["how"]).startswith(how)


def test_a_child_that_hangs_is_killed(tmp_path: Path, card: ModelCard) -> None:
    note = tmp_path / "pid"
    program = f"open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    test = SelfTest(tmp_path, {"twice": card}, command=child(program), time_limit_s=2)
    fault = outcome(test)
    assert fault.code is FaultCode.MODEL_HANGS
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_a_child_that_is_not_needed_any_more_is_killed(tmp_path: Path, card: ModelCard) -> None:
    test = SelfTest(tmp_path, {"twice": card}, command=child("time.sleep(600)"))
    late = LateFaces(test, unloadable, FaultTally())
    late.start()
    late.stop()
    late.stop()
    assert late.state() == "gone"
    test.cancel()
    assert outcome(test).fields == {"how": "cancelled"}


# ---- faces that come on late --------------------------------------------------------------------


def unloadable() -> LoadedFaces:
    raise AssertionError("must not be loaded")


@pytest.fixture
def tally() -> FaultTally:
    return FaultTally()


def test_the_runtime_is_not_imported_before_its_test() -> None:
    modules = ("late", "pictures", "selftest", "trust")
    imports = "; ".join(f"import edge_agent.drivers.face_onnx.{name}" for name in modules)
    check = "import sys; sys.exit(int('onnxruntime' in sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", f"{imports}; {check}"], check=False).returncode == 0
    )


def test_before_the_start_readings_are_refused_by_code(tmp_path: Path, card: ModelCard) -> None:
    late = LateFaces(SelfTest(tmp_path, {"twice": card}), unloadable, FaultTally())
    engine: FaceEngine = LateEngine("net@1", late, "1")
    look: SecondLook = LateLook("old@1", "dlib", late)
    assert late.state() == "starting"
    assert engine.read(PICTURE).refused_by is FaultCode.MODEL_STARTING
    assert look.embed(PICTURE, ()) is None
    late.stop()


def test_a_crash_leaves_faces_off_and_is_counted(
    tmp_path: Path, card: ModelCard, tally: FaultTally
) -> None:
    command = child(f"os.kill(os.getpid(), {signal.SIGILL.value})")
    late = LateFaces(SelfTest(tmp_path, {"twice": card}, command=command), unloadable, tally)
    late.start()
    assert late.wait(PATIENCE_S)
    late.stop()
    assert late.state() == "gone"
    assert late.fault is not None
    engine = LateEngine("net@1", late, "1")
    assert engine.read(PICTURE).refused_by is FaultCode.MODEL_CRASHED
    assert tally.snapshot() == {"M106": 1}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Fault(FaultCode.MODEL_MISSING, name="x"), FaultCode.MODEL_MISSING),
        (MemoryError(), FaultCode.MODEL_CRASHED),
    ],
)
def test_what_cannot_be_loaded_leaves_faces_off(
    tmp_path: Path, card: ModelCard, tally: FaultTally, error: Exception, code: FaultCode
) -> None:
    def broken() -> LoadedFaces:
        raise error

    late = LateFaces(SelfTest(tmp_path, {"twice": card}), broken, tally)
    late.start()
    assert late.wait(PATIENCE_S)
    late.stop()
    assert (late.state(), late.code) == ("gone", code)
    # Whoever enrols a face then is told the whole of it, with what is missing by name.
    reading = LateEngine("net@1", late, "1").read(PICTURE)
    frame = plan_enrolment([reading], Gallery("net@1"), POLICY).frames[0]
    assert late.fault is not None
    assert (frame.code, frame.hint_en) == (code, late.fault.text("en"))


# ---- whom a box trusts --------------------------------------------------------------------------


def trusted(folder: Path, *, production: bool, bundle: Path | None = None) -> ModelBundle:
    shelf = ModelShelf(folder / "shelf", folder, PUBLIC)
    return trusted_models(folder, bundle, PUBLIC, shelf, production=production).bundle


MANIFEST = (Path(__file__).resolve().parents[3] / "models" / "manifest.toml").read_bytes()


def test_in_production_only_what_hq_signed_is_used(tmp_path: Path, card: ModelCard) -> None:
    (tmp_path / "manifest.toml").write_bytes(MANIFEST)
    with pytest.raises(Fault) as caught:
        trusted(tmp_path, production=True)
    assert caught.value.code is FaultCode.MODEL_BUNDLE_MISSING
    assert trusted(tmp_path, production=False).version == 0
    bundle = ModelBundle(version=5, models={"twice": card})
    (tmp_path / BUNDLE_FILE).write_bytes(sign_models(bundle, SEED))
    for production in (True, False):
        assert trusted(tmp_path, production=production) == bundle


@pytest.mark.parametrize("production", [True, False])
def test_an_altered_bundle_is_refused_in_any_mode(
    tmp_path: Path, card: ModelCard, *, production: bool
) -> None:
    signed = bytearray(sign_models(ModelBundle(version=5, models={"twice": card}), SEED))
    signed[-3] ^= 1
    (tmp_path / BUNDLE_FILE).write_bytes(signed)
    (tmp_path / "manifest.toml").write_bytes(MANIFEST)
    with pytest.raises(Fault) as caught:
        trusted(tmp_path, production=production)
    assert caught.value.code is FaultCode.MODEL_BUNDLE_INVALID


def test_a_bundle_that_was_named_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_bytes(MANIFEST)
    with pytest.raises(Fault) as caught:
        trusted(tmp_path, production=False, bundle=tmp_path / "other.signed")
    assert caught.value.code is FaultCode.MODEL_BUNDLE_MISSING

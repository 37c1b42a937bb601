"""What `edge-agent doctor` says of a camera before the box is relied upon."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.bootstrap import probes
from edge_agent.drivers.camera_opencv import sim_rpicam
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


def missing(source: str) -> bool:
    """Whether the probe says that this camera is not there, without its password."""
    try:
        probes._present(source)
    except Fault as fault:
        return fault.code is FaultCode.CAMERA_OPEN and "secret" not in fault.text("en")
    return False


def test_files_and_devices_are_looked_for(tmp_path: Path) -> None:
    assert not missing(f"file:{tmp_path}?jitter=1")
    assert missing(f"file:{tmp_path / 'nothing'}")
    assert missing("v4l2:/dev/video-nowhere")


def test_the_pis_program_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing("rpicam:")
    sim_rpicam.install(tmp_path)
    assert not missing("rpicam:0?width=1280&height=720")


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "source",
    [
        lambda port: f"rtsp://u:secret@127.0.0.1:{port}/1",
        lambda port: f"mjpeg:http://127.0.0.1:{port}/",
    ],
)
def test_a_network_camera_is_asked_for_an_answer(source: Callable[[int], str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not missing(source(port))
    assert missing(source(port))

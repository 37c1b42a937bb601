"""Where pictures come from, without a process around it."""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.domain.camera_source import CameraSource
from edge_agent.drivers.camera_opencv.capture import open_source
from edge_agent.drivers.camera_opencv.picture_source import Broken, Gone
from edge_agent.drivers.camera_opencv.slot import (
    MEMORY_BYTES,
    PLACES,
    SIDE_MAX,
    Counters,
    Phase,
    SharedFrames,
    Shot,
)
from edge_agent.drivers.camera_opencv.sources import (
    FILE_SIDE_MAX,
    FileSource,
    Shaker,
    fit,
)
from tests.fakes.camera import key_of, picture

Picture = NDArray[np.uint8]


def write(path: Path, key: int) -> Path:
    """Put a picture file there."""
    cv2.imwrite(str(path), picture(key))
    return path


# ---- files --------------------------------------------------------------------------------------


def test_a_folder_is_shown_in_a_loop(tmp_path: Path) -> None:
    for key in (10, 20, 30):
        write(tmp_path / f"{key}.png", key)
    (tmp_path / "notes.txt").write_text("no picture", "utf-8")
    source = FileSource(CameraSource("file", str(tmp_path)))
    assert [key_of(source.read()) for _ in range(5)] == [10, 20, 30, 10, 20]


def test_each_picture_may_be_held_for_some_frames(tmp_path: Path) -> None:
    for key in (10, 20):
        write(tmp_path / f"{key}.png", key)
    source = FileSource(CameraSource("file", str(tmp_path), hold=3))
    assert [key_of(source.read()) for _ in range(6)] == [10, 10, 10, 20, 20, 20]


def test_replacing_a_link_changes_what_is_seen(tmp_path: Path) -> None:
    one, two = write(tmp_path / "1.png", 10), write(tmp_path / "2.png", 20)
    link = tmp_path / "view"
    link.symlink_to(one)
    source = FileSource(CameraSource("file", str(link)))
    assert key_of(source.read()) == 10
    beside = tmp_path / "next"
    beside.symlink_to(two)
    beside.replace(link)
    assert key_of(source.read()) == 20


def test_rewriting_a_file_changes_what_is_seen(tmp_path: Path) -> None:
    file = write(tmp_path / "view.png", 10)
    source = FileSource(CameraSource("file", str(file)))
    assert key_of(source.read()) == 10
    write(tmp_path / "other.png", 20).replace(file)
    assert key_of(source.read()) == 20


@pytest.mark.parametrize("content", [b"", b"\xff\xd8 broken", b"text"])
def test_a_broken_picture_is_told_and_the_next_one_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "1.jpg").write_bytes(content)
    write(tmp_path / "2.png", 20)
    source = FileSource(CameraSource("file", str(tmp_path)))
    with pytest.raises(Broken):
        source.read()
    assert key_of(source.read()) == 20


def test_an_empty_or_missing_folder_is_gone(tmp_path: Path) -> None:
    with pytest.raises(Gone):
        open_source(CameraSource("file", str(tmp_path)), 15)
    with pytest.raises(Gone):
        open_source(CameraSource("file", str(tmp_path / "nothing")), 15)


def test_a_folder_that_loses_its_pictures_is_gone(tmp_path: Path) -> None:
    file = write(tmp_path / "1.png", 10)
    source = FileSource(CameraSource("file", str(tmp_path)))
    file.unlink()
    with pytest.raises(Gone):
        source.read()
    source.close()


def test_large_pictures_are_made_to_fit() -> None:
    tall = np.zeros((4000, 1000, 3), np.uint8)
    assert fit(tall, 500).shape == (500, 125, 3)
    assert fit(picture(1), 500) is not None
    assert fit(np.zeros((1, 9000, 3), np.uint8), 500).shape[:2] == (1, 500)


def test_a_device_that_is_not_there_is_gone() -> None:
    with pytest.raises(Gone):
        open_source(CameraSource("v4l2", "/dev/video-nowhere"), 15)


def test_a_shaken_still_is_alive_but_the_same_picture() -> None:
    still = cv2.GaussianBlur(
        np.random.default_rng(1).integers(0, 255, (90, 120, 3), np.uint8), (0, 0), 3
    )
    shake = Shaker()
    one, two = shake(np.asarray(still, np.uint8)), shake(np.asarray(still, np.uint8))
    assert one.shape == still.shape
    assert not np.array_equal(one, two)
    assert float(np.abs(one.astype(int) - still.astype(int)).mean()) < 12
    assert shake(np.zeros((FILE_SIDE_MAX, FILE_SIDE_MAX, 3), np.uint8)).size


# ---- shared memory ------------------------------------------------------------------------------


@pytest.fixture
def ends() -> Iterator[tuple[SharedFrames, SharedFrames]]:
    """The writer's and the reader's end of one memory."""
    memory, signal = SharedFrames.create()
    writer, reader = SharedFrames(memory, signal), SharedFrames(memory, signal)
    yield writer, reader
    writer.close()
    reader.close()
    os.close(memory)
    os.close(signal)


def test_a_frame_crosses_unchanged(ends: tuple[SharedFrames, SharedFrames]) -> None:
    writer, reader = ends
    image = np.random.default_rng(1).integers(0, 255, (31, 47, 3), np.uint8)
    writer.put(Shot(5, 123, image))
    writer.tell(Counters(newest=5, heartbeat_ns=9, broken=2, opened=1, phase=Phase.OPEN))
    shot = reader.take(5)
    assert shot is not None
    assert (shot.seq, shot.captured_ns) == (5, 123)
    assert np.array_equal(shot.image, image)
    assert reader.counters() == Counters(5, 9, 2, 1, Phase.OPEN)
    assert reader.captured_ns(5) == 123


def test_the_largest_frame_fits(ends: tuple[SharedFrames, SharedFrames]) -> None:
    writer, reader = ends
    for seq in range(1, PLACES + 1):
        writer.put(Shot(seq, 1, np.full((SIDE_MAX, SIDE_MAX, 3), seq, np.uint8)))
    for seq in range(1, PLACES + 1):
        shot = reader.take(seq)
        assert shot is not None
        assert shot.image[-1, -1, -1] == seq
    assert MEMORY_BYTES % mmap.PAGESIZE == 0


def test_a_frame_overwritten_meanwhile_is_noticed(ends: tuple[SharedFrames, SharedFrames]) -> None:
    writer, reader = ends
    writer.put(Shot(1, 1, picture(1)))
    writer.put(Shot(1 + PLACES, 2, picture(2)))
    assert reader.take(1) is None
    assert reader.captured_ns(1) == 0


def test_nothing_was_written_yet(ends: tuple[SharedFrames, SharedFrames]) -> None:
    _, reader = ends
    assert reader.counters() == Counters()
    assert reader.take(0) is None
    assert reader.take(7) is None


def test_a_planar_frame_arrives_as_it_was(ends: tuple[SharedFrames, SharedFrames]) -> None:
    writer, reader = ends
    planar = np.arange(96 * 64, dtype=np.uint8).reshape(96, 64)
    writer.put(Shot(5, 1, planar))
    shot = reader.take(5)
    assert shot is not None
    assert np.array_equal(shot.image, planar)


def test_a_signal_wakes_the_reader(ends: tuple[SharedFrames, SharedFrames]) -> None:
    writer, reader = ends
    writer.notify()
    writer.notify()
    assert os.eventfd_read(reader._signal) == 2

"""Our own reader of MJPEG over HTTP, against servers that behave and that do not."""

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import pytest

from edge_agent.domain.camera_source import CameraSource
from edge_agent.drivers.camera_opencv.capture import open_source
from edge_agent.drivers.camera_opencv.mjpeg import MjpegSource, NoParts
from edge_agent.drivers.camera_opencv.picture_source import Broken, Gone
from edge_agent.drivers.camera_opencv.sim import MjpegServer
from tests.factories.waiting import PATIENCE_S
from tests.fakes.camera import key_of, picture

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
Talk = Callable[[socket.socket, bytes], None]


def jpeg(key: int, scale: float = 1.0) -> bytes:
    """A picture as a camera would send it."""
    image = cv2.resize(picture(key), None, fx=scale, fy=scale)
    return cv2.imencode(".jpg", image)[1].tobytes()


def part(body: bytes, length: int | None = None) -> bytes:
    """One part of the stream."""
    said = len(body) if length is None else length
    return b"--b\r\nContent-Length: %d\r\n\r\n" % said + body + b"\r\n"


@contextmanager
def serving(talk: Talk) -> Iterator[str]:
    """A server that does what `talk` does with each connection and its request."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    talk(connection, connection.recv(65_536))
                except OSError:
                    continue

    thread = threading.Thread(target=serve, name="talk")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/video"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def sending(*pieces: bytes) -> Talk:
    """Send these and hang up."""

    def talk(connection: socket.socket, _request: bytes) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return talk


@contextmanager
def opened(url: str) -> Iterator[MjpegSource]:
    source = MjpegSource(CameraSource("mjpeg", url))
    try:
        yield source
    finally:
        source.close()


def test_each_picture_keeps_its_own_size() -> None:
    with MjpegServer([jpeg(40), jpeg(90, 2.0), jpeg(140, 0.5)], fps=100) as server:
        source = open_source(CameraSource("mjpeg", server.url), 30)
        assert isinstance(source, MjpegSource)
        seen = [source.read() for _ in range(6)]
        source.close()
    whole = picture(40).shape[:2]
    sizes = {40: 1.0, 90: 2.0, 140: 0.5}
    for image in seen:
        (size,) = (size for key, size in sizes.items() if abs(key_of(image) - key) <= 3)
        assert image.shape[0] / whole[0] == pytest.approx(size, abs=0.01)
    assert len({image.shape for image in seen}) == len(sizes)


def test_who_cannot_keep_up_sees_what_is_now_and_not_what_was() -> None:
    past = [part(jpeg(key)) for key in range(10, 130)]
    went, seen = threading.Event(), threading.Event()

    def talk(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(HEAD + past[0])
        seen.wait(PATIENCE_S)
        for one in (*past[1:], part(jpeg(200))):
            connection.sendall(one)
        went.set()
        # As a camera does that has nothing new to show yet.
        connection.recv(1)

    with serving(talk) as url, opened(url) as source:
        assert abs(key_of(source.read()) - 10) <= 3
        seen.set()
        assert went.wait(PATIENCE_S), "two seconds and more of pictures lie in the line"
        assert abs(key_of(source.read()) - 200) <= 3


def test_a_picture_that_is_cut_off_or_none_costs_only_itself() -> None:
    whole = jpeg(77)
    stream = [part(whole[:-200]), part(b"text"), part(whole, len(whole) - 300), part(b"")]
    due = threading.Semaphore(0)

    def talk(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(HEAD)
        for piece in (*stream, part(whole)):
            due.acquire(timeout=PATIENCE_S)
            connection.sendall(piece)

    with serving(talk) as url, opened(url) as source:
        for _ in stream:
            due.release()
            with pytest.raises(Broken):
                source.read()
        due.release()
        assert abs(key_of(source.read()) - 77) <= 3
        with pytest.raises(Gone):
            source.read()


def test_a_header_that_promises_too_many_pixels_is_no_picture() -> None:
    whole = bytearray(jpeg(77))
    frame = whole.find(b"\xff\xc0")
    whole[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"
    serving_it = serving(sending(HEAD, part(bytes(whole))))
    with serving_it as url, opened(url) as source, pytest.raises(Broken):
        source.read()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 503 Busy\r\n\r\n",
        b'HTTP/1.0 401 No\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n',
        b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 5_000,
        b"HTTP/1.0 200 OK\r\nX: " + b"y" * 100_000,
        b"HTTP/1.0 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
        b"SSH-2.0-nothing\r\n",
        b"",
    ],
)
def test_an_answer_that_is_no_stream_is_gone(answer: bytes) -> None:
    with serving(sending(answer)) as url, pytest.raises(Gone):
        MjpegSource(CameraSource("mjpeg", url))


def test_what_is_no_stream_of_parts_is_left_to_others() -> None:
    answer = b"HTTP/1.0 200 OK\r\nContent-Type: video/mp4\r\n\r\n"
    with serving(sending(answer)) as url, pytest.raises(NoParts):
        MjpegSource(CameraSource("mjpeg", url))


def test_a_picture_that_drips_in_is_not_waited_for() -> None:
    def drip(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(HEAD + b"--b\r\nContent-Length: 5000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    with serving(drip) as url, opened(url) as source, pytest.raises(Gone):
        source.read()


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_name_and_password_of_the_address_are_used_and_not_in_it(scheme: str) -> None:
    asked: list[bytes] = []
    wanted = b'realm="camera", nonce="abc", qop="auth"' if scheme == "Digest" else b'realm="camera"'

    def guard(connection: socket.socket, request: bytes) -> None:
        asked.append(request)
        if b"Authorization: " not in request:
            refusal = b"HTTP/1.0 401 No\r\nWWW-Authenticate: " + scheme.encode() + b" " + wanted
            connection.sendall(refusal + b"\r\nContent-Length: 0\r\n\r\n")
        else:
            connection.sendall(HEAD + part(jpeg(50)))

    with serving(guard) as url, opened(url.replace("//", "//till:p%40ss@")) as source:
        assert abs(key_of(source.read()) - 50) <= 3
    assert all(b"p%40ss" not in request for request in asked)
    if scheme == "Basic":
        assert base64.b64encode(b"till:p@ss") in asked[-1]
    else:
        assert b'username="till"' in asked[-1]

"""Parts of an MJPEG stream: whole ones in any chunks, and what hostile or broken cameras send."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.camera_opencv.multipart import (
    HEADERS_BYTES_MAX,
    PART_BYTES_MAX,
    Parts,
    boundary_of,
)
from edge_agent.drivers.camera_opencv.picture_source import Gone

BOUNDARY = b"frame"


def parts(*chunks: bytes) -> Parts:
    """A reader of these chunks, then of the end."""
    coming = iter(chunks)
    return Parts(BOUNDARY, lambda: next(coming, b""))


def part(body: bytes, length: int | None = -1, newline: bytes = b"\r\n") -> bytes:
    """One part; `length` -1 is the right one, None is none."""
    said = len(body) if length == -1 else length
    head = [b"--" + BOUNDARY, b"Content-Type: image/jpeg"]
    if said is not None:
        head.append(b"CONTENT-length : %d" % said)
    return newline.join([*head, b"", body, b""])


def forever(chunk: bytes, first: bytes = b"") -> Parts:
    """A reader of the same chunk for ever; fails when it is asked for without bounds."""

    def chunks() -> Iterator[bytes]:
        yield first or chunk
        for _ in range(3 * PART_BYTES_MAX // len(chunk)):
            yield chunk
        pytest.fail("nobody stops reading")

    coming = chunks()
    return Parts(BOUNDARY, lambda: next(coming))


bodies = st.lists(
    st.binary(min_size=1, max_size=200).filter(
        lambda body: b"--frame" not in body and body.strip(b"\r\n") == body
    ),
    min_size=1,
    max_size=5,
)


@given(
    bodies=bodies,
    cut=st.integers(1, 40),
    length=st.sampled_from([-1, None]),
    newline=st.sampled_from([b"\r\n", b"\n"]),
)
def test_bodies_come_out_as_they_went_in_however_they_are_cut(
    bodies: list[bytes], cut: int, length: int | None, newline: bytes
) -> None:
    stream = b"junk before\r\n" + b"".join(part(body, length, newline) for body in bodies)
    stream += b"--frame--\r\n"
    reader = parts(*(stream[at : at + cut] for at in range(0, len(stream), cut)))
    assert [reader.next() for _ in bodies] == bodies
    with pytest.raises(Gone):
        reader.next()


def test_a_length_too_great_costs_nothing_and_one_too_small_only_its_picture() -> None:
    reader = parts(part(b"one", 1_000) + part(b"seconds", 3) + part(b"three") + part(b"four"))
    assert [reader.next() for _ in range(4)] == [b"one", b"sec", b"three", b"four"]


@pytest.mark.parametrize("length", [b"%d" % (PART_BYTES_MAX + 1), b"9" * 4_000])
def test_a_part_that_would_be_too_big_is_not_waited_for(length: bytes) -> None:
    with pytest.raises(Gone, match="too big"):
        parts(b"--frame\r\nContent-Length: " + length + b"\r\n\r\nx").next()


@pytest.mark.parametrize("length", [b"-5", b"abc", b"", b"1e3"])
def test_a_length_that_is_no_number_is_as_good_as_none(length: bytes) -> None:
    stream = b"--frame\r\nContent-Length: " + length + b"\r\n\r\nbody\r\n--frame"
    assert parts(stream).next() == b"body"


def test_nothing_is_read_without_end() -> None:
    with pytest.raises(Gone, match="header"):
        forever(b"X-Endless: header\r\n" * 50, first=b"--frame\r\n").next()
    with pytest.raises(Gone, match="header"):
        parts(b"--frame\r\nX: " + b"x" * HEADERS_BYTES_MAX + b"\r\n\r\nbody").next()
    with pytest.raises(Gone, match="does not end"):
        forever(b"y" * 65_536, first=b"--frame\r\n\r\n").next()
    with pytest.raises(Gone, match="no boundary"):
        forever(b"z" * 65_536).next()


def test_the_end_of_the_line_and_the_end_of_the_stream_are_told() -> None:
    with pytest.raises(Gone, match="ended"):
        parts().next()
    with pytest.raises(Gone, match="ended"):
        parts(b"--frame\r\nContent-Length: 9\r\n\r\nhalf").next()
    with pytest.raises(Gone, match="says that it has ended"):
        parts(b"--frame--\r\n\r\n").next()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("multipart/x-mixed-replace; boundary=frame", b"frame"),
        ('Multipart/X-Mixed-Replace;boundary="--my frame"', b"my frame"),
        ("multipart/x-mixed-replace; boundary=--", None),
        ("multipart/x-mixed-replace; boundary=" + "x" * 300, None),
        ("multipart/x-mixed-replace", None),
        ("image/jpeg; boundary=frame", None),
        ("", None),
    ],
)
def test_the_boundary_is_what_the_camera_means(said: str, meant: bytes | None) -> None:
    assert boundary_of(said) == meant


@given(st.lists(st.binary(max_size=60), max_size=30))
def test_no_bytes_do_more_than_end_the_stream(chunks: list[bytes]) -> None:
    reader = parts(b"--frame\r\n", *(chunk for chunk in chunks if chunk))

    def read_on() -> None:
        for _ in range(100):
            reader.next()

    with pytest.raises(Gone):
        read_on()


@pytest.mark.parametrize("said", ["idna'x'%ff", "undefined''a", "utf-8''%ff"])
def test_a_boundary_in_a_strange_encoding_breaks_nothing(said: str) -> None:
    assert boundary_of(f"multipart/x-mixed-replace; boundary*={said}") in {None, b"?"}

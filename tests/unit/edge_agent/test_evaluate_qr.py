"""The report on codes: what counts as right, and folders that are not as they should be."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import segno
from typer.testing import CliRunner

from edge_agent.drivers.qr.evaluate import Example, Score, judged, measure, normal
from edge_agent.drivers.qr.sightings import Sighting
from edge_agent.evaluate.cli import app


def square(left: float, top: float, side: float, text: str = "x") -> Sighting:
    right, bottom = left + side, top + side
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Sighting(corners, "test", text.encode(), text)


def write(path: Path, content: str) -> None:
    file = io.BytesIO()
    segno.make(content, micro=False).save(file, kind="png", scale=5, border=4)
    path.write_bytes(file.getvalue())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two codes, an empty wall, a broken file, and a picture of a set that is not counted."""
    write(tmp_path / "one.png", 'say "hello"\r\nworld')
    write(tmp_path / "two.png", "two")
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((60, 80, 3), 90, np.uint8))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    size = 5 * (21 + 8)
    corners = [[0, 0], [size, 0], [size, size], [0, size]]
    lines = [
        {"file": "one.png", "category": "a", "kind": "text", "expected": 'say \\"hello\\"\nworld'},
        {"file": "two.png", "category": "b", "kind": "quads", "quads": [corners, [[900, 900]] * 4]},
        {"file": "wall.png", "category": "c", "kind": "none"},
        {"file": "broken.jpg", "category": "c", "kind": "none"},
        {"file": "gone.jpg", "category": "a", "kind": "text", "expected": "gone"},
        {"file": "two.png", "category": "lots", "kind": "text", "expected": "two"},
    ]
    text = "\n".join(json.dumps(line) for line in lines) + "\n\n"
    (tmp_path / "manifest.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_report_counts_codes(folder: Path) -> None:
    ran = CliRunner().invoke(app, ["qr", str(folder), "--json"])
    assert ran.exit_code == 0, ran.stderr
    report = json.loads(ran.stdout)
    counts = {key: report[key] for key in ("total", "right", "wrong", "missed", "broken")}
    assert counts == {"total": 4, "right": 2, "wrong": 0, "missed": 2, "broken": 1}
    assert (report["none_total"], report["none_silent"]) == (2, 2)
    assert (report["files_missing"], report["lines_unusable"]) == (1, 0)
    assert report["not_counted"] == ["lots"]
    assert report["by_set"]["lots"] == {"total": 1, "right": 1, "wrong": 0, "missed": 0}
    assert set(report["by_decoder"]) == {"cascade", "zxing", "zbar", "opencv"}
    assert report["ms_median"] > 0
    assert report["ms_p95"] > 0


def test_people_get_tables(folder: Path) -> None:
    ran = CliRunner().invoke(app, ["qr", str(folder)])
    assert ran.exit_code == 0
    assert "cascade" in ran.stdout
    assert "lots *" in ran.stdout


@pytest.mark.parametrize(
    "manifest",
    [None, "not json", '{"file": "x"}', '{"file": "x", "kind": "song"}', "[1]", '{"kind": "none"}'],
)
def test_a_folder_that_is_none_is_refused(tmp_path: Path, manifest: str | None) -> None:
    if manifest is not None:
        (tmp_path / "manifest.jsonl").write_text(manifest, encoding="utf-8")
    ran = CliRunner().invoke(app, ["qr", str(tmp_path)])
    assert ran.exit_code == 2
    assert "I105" in ran.stderr
    assert "Error:" not in ran.stderr, "words of the interpreter help nobody"


def test_what_a_stranger_wrote_is_measured_as_far_as_it_goes(tmp_path: Path) -> None:
    """Lines of no use and missing files are told of; none of them lends a figure."""
    write(tmp_path / "码 1.png", "a\u2028b")
    grey = cv2.imread(str(tmp_path / "码 1.png"), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    # Black on nothing, as a web page's codes are.
    clear = np.zeros((*grey.shape, 4), np.uint8)
    clear[..., 3] = 255 - grey
    cv2.imwrite(str(tmp_path / "clear.png"), clear)
    cv2.imwrite(str(tmp_path / "deep.png"), grey.astype(np.uint16) * 257)
    (tmp_path / "folder").mkdir()
    good = [
        {"file": "码 1.png", "kind": "text", "expected": "a\u2028b"},
        {"file": "clear.png", "kind": "text", "expected": "a\u2028b", "category": None},
        {"file": "deep.png", "kind": "text", "expected": "a\u2028b"},
        {"file": "folder", "kind": "none"},
        {"file": "gone\ud800.png", "kind": "none"},
    ]
    of_no_use = [
        '{"file": "deep.png", "kind": "song"}',
        '{"file": "deep.png", "kind": "text"}',
        '{"file": "deep.png", "kind": "text", "expected": null}',
        '{"file": "deep.png", "kind": "quads", "quads": [[]]}',
        '{"file": "deep.png", "kind": "quads"}',
        '{"file": "deep.png", "kind": "quads", "quads": [[[1, 2], [1e999, NaN], [%s, 1]]]}'
        % ("9" * 400),
        '{"file": 7, "kind": "none"}',
        "[" * 100_000,
        "[1]",
    ]
    lines = [json.dumps(line, ensure_ascii="gone" in str(line)) for line in good]
    text = "\r\n".join([*lines, "", *of_no_use])
    (tmp_path / "manifest.jsonl").write_text(text, encoding="utf-8-sig", newline="")
    ran = CliRunner().invoke(app, ["qr", str(tmp_path), "--json"])
    assert ran.exit_code == 0, ran.output
    report = json.loads(ran.stdout)
    assert (report["total"], report["right"], report["wrong"]) == (3, 3, 0)
    assert (report["files_missing"], report["lines_unusable"]) == (2, 9)
    assert (report["none_total"], report["none_silent"]) == (0, 0)
    assert "9" in CliRunner().invoke(app, ["qr", str(tmp_path)]).stdout


def test_an_empty_manifest_is_an_empty_report(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text("", encoding="utf-8")
    report = json.loads(CliRunner().invoke(app, ["qr", str(tmp_path), "--json"]).stdout)
    assert (report["total"], report["ms_median"], report["right_percent"]) == (0, 0.0, 0.0)


def test_places_decide_where_the_text_is_not_known() -> None:
    quad = ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0))
    example = Example(Path("x"), "a", "quads", quads=(quad,))
    inside, outside = square(10, 10, 50), square(300, 10, 50)
    unread = Sighting(outside.corners, "test")
    assert judged(example, [inside, inside, unread]) == (1, 0)
    assert judged(example, [inside, outside]) == (1, 1)


def test_texts_are_compared_without_their_wrapping() -> None:
    assert normal('a\r\n\\"b\\"') == 'a\n"b"'
    example = Example(Path("x"), "a", "text", expected="a\nb")
    assert judged(example, [square(0, 0, 9, "a\r\nb"), square(0, 0, 9, "c")]) == (1, 1)
    assert judged(Example(Path("x"), "a", "none"), [square(0, 0, 9)]) == (0, 1)


def test_a_reader_that_breaks_has_read_nothing(folder: Path) -> None:
    def breaks(_image: object) -> list[Sighting]:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")

    example = Example(folder / "two.png", "b", "text", expected="two")
    score = measure([example], {"peer": breaks}, lambda: None)["peer"]
    assert (score.failed, score.codes.missed, Score().percentile_ms(50)) == (1, 1, 0.0)

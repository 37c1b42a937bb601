"""`edge-agent evaluate`, with the shipped nets on real photos and on folders that are none."""

import json
import shutil
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from edge_agent.drivers.till_escpos.sim import sale_bytes
from edge_agent.evaluate.cli import app

pytestmark = pytest.mark.integration
runner = CliRunner()
PROFILES = Path(__file__).resolve().parents[2] / "device_configs"


@pytest.fixture
def folder(photos: Path, tmp_path: Path) -> Path:
    """Two people, and every kind of row that cannot be used."""
    shots = tmp_path / "faces & <co>"
    shots.mkdir()
    rows = [" File,identity ,source"]
    for person, numbers in (("a", "123"), ("b", "1")):
        for number in numbers:
            shutil.copy(
                photos / f"person-{person}" / f"{number}.jpg", shots / f"{person}{number}.jpg"
            )
            rows.append(f"{person}{number}.jpg,{person},here")
    shutil.copy(shots / "a1.jpg", shots / "a1-again.jpg")
    (shots / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (shots / "broken.webp").write_bytes(b"RIFF no picture")
    first, other = cv2.imread(str(shots / "a1.jpg")), cv2.imread(str(shots / "b1.jpg"))
    assert first is not None
    assert other is not None
    cv2.imwrite(str(shots / "b2.bmp"), other[20:, 20:])
    side = min(first.shape[:2])
    # As large as a telephone makes it, with the face filling it.
    cv2.imwrite(str(shots / "a 五.jpg"), cv2.resize(first[:side, :side], (5_000, 5_000)))
    cv2.imwrite(str(shots / "d1.png"), first[::-1])
    shutil.copy(shots / "d1.png", shots / "e1.png")
    rows += [
        "a1-again.jpg,a,",
        "broken.jpg,<b>x</b>,",
        "nowhere.jpg,c,",
        ",d,",
        "/proc/self/mem,e,",
        "broken.webp,c",
        "b2.bmp,b,,,",
        '"a 五.jpg",a',
        "d1.png,d",
        "e1.png,e",
        "",
    ]
    # As a spreadsheet writes it.
    (shots / "labels.csv").write_text("\r\n".join(rows), encoding="utf-8-sig", newline="")
    return shots


def test_a_folder_is_measured_and_what_cannot_be_used_is_counted(
    folder: Path, models_dir: Path, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    arguments = ["faces", str(folder), "--json", "--html", str(page), "--models-dir"]
    shown = runner.invoke(app, [*arguments, str(models_dir)])
    assert shown.exit_code == 0, shown.output
    result = json.loads(shown.stdout)
    assert (result["photos"], result["people"], result["detector_misses"]) == (6, 2, 0)
    assert result["files_unreadable"] == ["broken.jpg", "broken.webp"]
    assert result["files_two_names"] == ["d1.png", "e1.png"]
    assert result["files_missing"] == ["nowhere.jpg", "/proc/self/mem"]
    assert result["files_same_picture"] == ["a1-again.jpg"]
    assert result["rows_incomplete"] == 1
    assert (result["genuine_pairs"], result["impostor_pairs"]) == (7, 8)
    assert (result["eer"], result["tar_at_fmr_1e-3"]) == (0.0, 1.0)
    assert result["tar_at_fmr_1e-4_supported"] is False
    assert 0 < result["tar_at_fmr_1e-4_ci"][0] < 1
    assert (result["wrong_members"], result["strangers_accepted"]) == (0, 0)
    assert result["as_member"]["right"] == 6
    written = page.read_text(encoding="utf-8")
    assert "<svg" in written
    assert "faces &amp; &lt;co&gt;" in written
    assert "http" not in written.replace("http-equiv", "")


def test_one_person_is_nobody_to_compare_with(
    folder: Path, models_dir: Path, tmp_path: Path
) -> None:
    (folder / "labels.csv").write_text("file,identity\na1.jpg,a\n", encoding="utf-8")
    page = tmp_path / "report.html"
    arguments = ["faces", str(folder), "--json", "--html", str(page), "--models-dir"]
    shown = runner.invoke(app, [*arguments, str(models_dir)])
    assert shown.exit_code == 0, shown.output
    result = json.loads(shown.stdout)
    assert (result["eer"], result["tar_at_fmr_1e-2"], result["open_set"]) == (None, None, [])
    assert page.is_file()


def test_a_folder_without_labels_is_refused_with_a_code(models_dir: Path, tmp_path: Path) -> None:
    shown = runner.invoke(app, ["faces", str(tmp_path), "--models-dir", str(models_dir)])
    assert shown.exit_code == 2
    assert "I105" in shown.stderr
    assert "columns file and identity" in shown.stderr, "what is wanted, not the system's words"
    missing = runner.invoke(app, ["faces", str(tmp_path), "--models-dir", str(tmp_path)])
    assert missing.exit_code == 2
    assert "M102" in missing.stderr


def test_it_can_be_run_from_anywhere(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert models_dir.is_dir()
    shown = runner.invoke(app, ["faces", str(tmp_path)])
    assert (shown.exit_code, "I105" in shown.stderr) == (2, True)
    (tmp_path / "1.bin").write_bytes(sale_bytes("1", [("可乐", 2, 350)]))
    (tmp_path / "manifest.jsonl").write_text(
        '{"file": "1.bin", "kind": "sale", "total": 7.0, "items": []}', encoding="utf-8"
    )
    assert runner.invoke(app, ["escpos", str(tmp_path)]).exit_code == 0


def test_receipts_are_measured_too(tmp_path: Path) -> None:
    (tmp_path / "1.bin").write_bytes(sale_bytes("1", [("可乐", 2, 350)]))
    entry = {"file": "1.bin", "kind": "sale", "total": 7.0, "items": []}
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(json.dumps(entry), encoding="utf-8")
    arguments = ["escpos", str(tmp_path), "--profiles-dir", str(PROFILES)]
    shown = runner.invoke(app, [*arguments, "--json"])
    assert json.loads(shown.stdout)["total_exact"] == 1
    assert "F1" in runner.invoke(app, arguments).output
    manifest.write_text('{"file": "gone.bin", "kind": "sale"}', encoding="utf-8")
    refused = runner.invoke(app, arguments)
    assert refused.exit_code == 2
    assert "I105" in refused.stderr

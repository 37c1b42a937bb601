"""A release as files: wheels laid out as they are imported, packed so that the same gives the same.

Nothing of the wheels is run, here or on a box: a wheel is an archive whose files have their place.
"""

import io
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

import zstandard

from retail_core.errors import Fault
from retail_core.fleet.release import ANY, Part, PartKind, Release, write
from retail_core.texts.faults import FaultCode

LEVEL = 12
NAME_DIGITS = 16
Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a release is made of; `platform` as boxes name themselves, `linux-aarch64-cp311`."""

    number: int
    version: str
    platform: str
    wheelhouse: Path
    models: Path | None = None
    configs: Path | None = None


def build(made_of: Ingredients, out: Path) -> Release:
    """Write parts and list into a folder. Fault RELEASE_WRONG for wheels of another platform."""
    parts = [_part(out, "agent", made_of.platform, wheels(made_of.wheelhouse, made_of.platform))]
    for kind, folder in (("models", made_of.models), ("configs", made_of.configs)):
        if folder is not None:
            parts.append(_part(out, kind, ANY, plain(folder)))  # type: ignore[arg-type]
    release = Release(made_of.number, made_of.version, tuple(parts))
    listed = out / "releases" / f"{release.number}.json"
    listed.parent.mkdir(parents=True, exist_ok=True)
    listed.write_bytes(write(release))
    return release


def wheels(folder: Path, platform: str) -> dict[str, bytes]:
    """Return every file of a folder's wheels at its place; scripts are left out."""
    found: dict[str, bytes] = {}
    names = sorted(folder.glob("*.whl"))
    if not names:
        raise Fault(FaultCode.RELEASE_WRONG, what=f"{folder.name}: no wheels")
    for wheel in names:
        if not _fits(wheel.stem, platform):
            raise Fault(FaultCode.RELEASE_WRONG, what=f"{wheel.name}: {platform}")
        with zipfile.ZipFile(wheel) as packed:
            found |= {
                place: packed.read(name)
                for name in packed.namelist()
                if (place := _place(name)) is not None
            }
    return found


def plain(folder: Path) -> dict[str, bytes]:
    """Return a folder's files by their paths."""
    files = (one for one in sorted(folder.rglob("*")) if one.is_file())
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in files}


def _fits(stem: str, platform: str) -> bool:
    """Return whether a wheel's tags are a platform's."""
    python, _, system = stem.split("-")[-3:]
    _, machine, ours = platform.split("-")
    pure = python.startswith("py3") or "py3" in python.split(".")
    stable = python.startswith("cp3") and "abi3" in stem
    return (pure or stable or python == ours) and (system == "any" or system.endswith(machine))


def _place(name: str) -> str | None:
    """Return where a wheel's file is imported from; None for one that is not."""
    if name.endswith("/"):
        return None
    head, _, rest = name.partition("/")
    if not head.endswith(".data"):
        return name
    kind, _, inside = rest.partition("/")
    return inside if kind in {"purelib", "platlib"} else None


def _part(out: Path, kind: PartKind, platform: str, files: Files) -> Part:
    packed = zstandard.ZstdCompressor(LEVEL).compress(_tree(files))
    name = f"{kind}-{platform}-{sha256(packed).hexdigest()[:NAME_DIGITS]}.tar.zst"
    place = out / "parts" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(packed)
    return Part(f"parts/{name}", kind, platform, sum(map(len, files.values())))


def _tree(files: Files) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tree:
        for name, content in _sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tree.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _sorted(files: Files) -> Iterator[tuple[str, bytes]]:
    for name in sorted(files):
        if name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise Fault(FaultCode.RELEASE_WRONG, what=name[:80])
        yield name, files[name]

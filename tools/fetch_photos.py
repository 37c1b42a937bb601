"""Photos of real people for the demo and the tests, out of a registry package, never committed.

The rights in the photos are not stated by the package: they are for trying this out on one machine.
"""

import argparse
import sys
from pathlib import Path

from retail_core.errors import Fault
from retail_core.identity.model_manifest import Archive
from retail_core.texts.faults import FaultCode
from tools.build_models import member_of
from tools.registry import (
    DOWNLOADS,
    ROOT,
    fetch_archive,
    sha256_hex,
    sha256_of,
    write_atomically,
)

SOURCE = Archive(
    registry="pypi",
    package="face_recognition",
    version="1.3.0",
    sha256="5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
)
DESTINATION = ROOT / "var" / "photos"
FOLDER = "face_recognition-1.3.0/tests/test_images"
# where it goes: (name in the package, SHA-256)
PHOTOS = {
    "person-a/1.jpg": (
        "obama.jpg",
        "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    ),
    "person-a/2.jpg": (
        "obama2.jpg",
        "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    ),
    "person-a/3.jpg": (
        "obama3.jpg",
        "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
    ),
    "person-b/1.jpg": (
        "biden.jpg",
        "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    ),
}


def fetch_photos(destination: Path, downloads: Path = DOWNLOADS) -> list[Path]:
    """Bring every photo in place; return those that were written. Faults MODEL_HASH, I106."""
    missing = {
        destination / place: (name, digest)
        for place, (name, digest) in PHOTOS.items()
        if not _in_place(destination / place, digest)
    }
    if not missing:
        return []
    archive = fetch_archive(SOURCE, sdist=True, downloads=downloads)
    contents = {path: member_of(archive, f"{FOLDER}/{name}") for path, (name, _) in missing.items()}
    for path, content in contents.items():
        if sha256_hex(content) != missing[path][1]:
            raise Fault(FaultCode.MODEL_HASH, name=missing[path][0])
    for path, content in contents.items():
        write_atomically(path, content)
    return list(contents)


def _in_place(path: Path, digest: str) -> bool:
    return path.is_file() and sha256_of(path) == digest


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when all photos are in place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("destination", type=Path, nargs="?", default=DESTINATION)
    parser.add_argument("--quiet", action="store_true", help="print faults only")
    given = parser.parse_args(arguments)
    try:
        written = fetch_photos(given.destination)
    except Fault as fault:
        print(f"{fault.code} {fault.text('zh')} / {fault.text('en')}", file=sys.stderr)
        return 1
    if not given.quiet:
        state = f"{len(written)} written" if written else "verified"
        print(f"{len(PHOTOS)} photos in {given.destination}: {state}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Photos of real people for the demo: which enrol, which are shown to the camera."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

PICTURES = {".jpg", ".jpeg", ".png"}
ENROL_AT_MOST = 3
NEEDED = 2


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with at least two photos: the last one is never used to enrol."""

    name: str
    enrol: tuple[Path, ...]
    probe: Path


def find_people(folder: Path) -> tuple[Person, ...]:
    """Read `labels.csv` (columns file, identity) or one sub-folder a person.

    Raises FileNotFoundError when nobody there has two photos.
    """
    by_person: dict[str, list[Path]] = defaultdict(list)
    labels = folder / "labels.csv"
    if labels.exists():
        with labels.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                picture = folder / row["file"]
                if picture.exists():
                    by_person[row["identity"]].append(picture)
    else:
        for picture in sorted(folder.rglob("*")):
            if picture.suffix.lower() in PICTURES:
                by_person[picture.parent.name].append(picture)
    people = tuple(
        Person(name, tuple(photos[:-1][:ENROL_AT_MOST]), photos[-1])
        for name, photos in sorted(by_person.items())
        if len(photos) >= NEEDED
    )
    if not people:
        raise FileNotFoundError(f"nobody with {NEEDED} photos in {folder}")
    return people

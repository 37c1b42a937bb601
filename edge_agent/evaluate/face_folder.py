"""A folder of labelled photos: what `labels.csv` says, checked before a net is asked."""

import csv
from dataclasses import dataclass
from pathlib import Path

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

LABELS = "labels.csv"
COLUMNS = ("file", "identity")
NOT_THERE = (
    "没有这个文件,每张照片一行,列 file、identity"
    " / it is not there; a line for each photo, columns file and identity"
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One photo and whose it is."""

    file: str
    identity: str


@dataclass(frozen=True, slots=True)
class Labels:
    """The usable rows in their order, and how many were not usable.

    A file that is given to two people has a row for each: which is wrong is not known here.
    """

    rows: tuple[Labelled, ...]
    incomplete: int
    repeated: int


def read_labels(folder: Path) -> Labels:
    """Read the labels; Fault SETUP_CONFIG_INVALID when the folder has none that can be used."""
    path = folder / LABELS
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            columns = [name.strip().lower() for name in table.fieldnames or ()]
            table.fieldnames = columns
            missing = [name for name in COLUMNS if name not in columns]
            if missing:
                raise _invalid(path, f"no column {', '.join(missing)}")
            labels = _labels(table)
    except FileNotFoundError as error:
        raise _invalid(path, NOT_THERE) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _invalid(path, error) from error
    if not labels.rows:
        raise _invalid(path, "no photos")
    return labels


def _labels(table: "csv.DictReader[str]") -> Labels:
    rows: dict[Labelled, None] = {}
    incomplete = repeated = 0
    for row in table:
        file, identity = ((row[name] or "").strip() for name in COLUMNS)
        if not file or not identity or "\0" in file:
            incomplete += 1
        elif (labelled := Labelled(file, identity)) in rows:
            repeated += 1
        else:
            rows[labelled] = None
    return Labels(tuple(rows), incomplete, repeated)


def _invalid(path: Path, detail: object) -> Fault:
    return Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=detail)

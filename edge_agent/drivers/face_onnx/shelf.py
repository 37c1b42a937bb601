"""Models that HQ sent to this box: weights named by their hash, bundles by their version.

    files/<sha256>         weights as they came, proven before they got their name
    v<version>/            a bundle with links to its weights under the names it uses
    current                the version that the next start takes
    accepted.signed        the newest bundle that has passed on this box: the floor

Nothing here is believed without HQ's signature. Who can write this folder could remove the floor,
but not put another bundle in its place.
"""

import errno
import os
import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from retail_core.errors import Fault
from retail_core.identity.model_card import ModelBundle, ModelCard, open_models
from retail_core.texts.faults import FaultCode

BUNDLE_FILE = "bundle.signed"
_FILES = "files"
_CURRENT = "current"
_ACCEPTED = "accepted.signed"


@dataclass(frozen=True, slots=True)
class Trusted:
    """A bundle that HQ signed and the folder of its weights; `signed` None is the bare manifest."""

    folder: Path
    bundle: ModelBundle
    signed: bytes | None


class ModelShelf:
    """The folder; `beside` holds the weights that came with the program."""

    def __init__(self, folder: Path, beside: Path, public_key: bytes) -> None:
        self._folder = folder
        self._beside = beside
        self._public_key = public_key

    def floor(self) -> int:
        """Return the version of the newest bundle that has passed here; 0 for none."""
        signed = _read(self._folder / _ACCEPTED)
        if signed is None:
            return 0
        try:
            return open_models(signed, self._public_key).version
        except Fault:
            return 0  # another HQ's, or damaged: nothing that could be compared with

    def current(self) -> Trusted | None:
        """Return what the cloud sent last and has passed here; None when there is nothing good."""
        version = self._current_name()
        if not version.isdecimal():
            return None
        folder = self._folder / f"v{version}"
        signed = _read(folder / BUNDLE_FILE)
        if signed is None:
            return None
        try:
            return Trusted(folder, open_models(signed, self._public_key), signed)
        except Fault:
            return None

    def has(self, card: ModelCard) -> bool:
        """Tell whether a model's weights are here; those that came with the program are taken in.

        Fault DISK_MODELS.
        """
        if _proves(self._named(card), card):
            return True
        lying = self._beside / _plain(card)
        if not _proves(lying, card):
            return False
        self.put(card, lying.read_bytes())
        return True

    def room_for(self, card: ModelCard) -> None:
        """Raise Fault DISK_MODELS when a model's weights do not fit."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            raise _full(error) from error
        if free < card.size:
            raise _full(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def put(self, card: ModelCard, content: bytes) -> None:
        """Keep weights; Faults MODEL_FILE_WRONG, DISK_MODELS."""
        if len(content) != card.size or sha256(content).hexdigest() != card.sha256:
            raise Fault(FaultCode.MODEL_FILE_WRONG, name=card.file)
        self._write(self._named(card), content)

    def stage(self, signed: bytes, bundle: ModelBundle, names: Collection[str]) -> Path:
        """Lay a bundle out beside the one in use; Faults MODEL_FILE_WRONG, DISK_MODELS."""
        folder = self._staged(bundle.version)
        self.discard(bundle.version)
        self._write(folder / BUNDLE_FILE, signed)
        try:
            for name in names:
                card = bundle.models[name]
                (folder / _plain(card)).hardlink_to(self._named(card))
        except OSError as error:
            raise _full(error) from error
        return folder

    def discard(self, version: int) -> None:
        """Take a bundle away that did not pass."""
        shutil.rmtree(self._staged(version), ignore_errors=True)

    def switch(self, version: int, signed: bytes) -> None:
        """Let the next start take this bundle; the one before it stays. Fault DISK_MODELS.

        The floor comes last: a power cut before it leaves a start with either bundle, after a floor
        that was raised first there would be none left to start with.
        """
        before = self._current_name()
        self._write(self._folder / _CURRENT, str(version).encode())
        self.accept(signed)
        if before != str(version):
            # A start that is not over yet still reads its weights from there.
            self._tidy({self._staged(version), self._folder / f"v{before}"})

    def accept(self, signed: bytes) -> None:
        """Remember a bundle that has passed: no older one is taken from now on. Fault DISK_MODELS.

        A bundle that is no newer than the floor changes nothing.
        """
        if open_models(signed, self._public_key).version > self.floor():
            self._write(self._folder / _ACCEPTED, signed)

    def _current_name(self) -> str:
        named = _read(self._folder / _CURRENT)
        return "" if named is None else named.decode("ascii", "replace").strip()

    def _tidy(self, kept: Collection[Path]) -> None:
        # What cannot be taken away lies until the next switch.
        with suppress(OSError):
            for folder in self._folder.glob("v*"):
                if folder not in kept:
                    shutil.rmtree(folder, ignore_errors=True)
            linked = {path.stat().st_ino for folder in kept for path in folder.glob("*")}
            for path in (self._folder / _FILES).iterdir():
                if path.stat().st_ino not in linked:
                    path.unlink(missing_ok=True)

    def _staged(self, version: int) -> Path:
        return self._folder / f"v{version}"

    def _named(self, card: ModelCard) -> Path:
        if len(card.sha256) != sha256().digest_size * 2 or not card.sha256.isalnum():
            raise Fault(FaultCode.MODEL_FILE_WRONG, name=card.file)
        return self._folder / _FILES / card.sha256

    def _write(self, path: Path, content: bytes) -> None:
        """Write so that a power cut leaves the old file or the whole new one."""
        fresh = path.with_name(f"{path.name}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with fresh.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise _full(error) from error


def newest(found: Iterable[Trusted | None], floor: int) -> Trusted | None:
    """Return the newest of what is there; Fault MODEL_BUNDLE_OLDER when all of it is too old."""
    there = [one for one in found if one is not None]
    if not there:
        return None
    best = max(there, key=lambda one: one.bundle.version)
    if best.bundle.version < floor:
        raise Fault(FaultCode.MODEL_BUNDLE_OLDER, version=best.bundle.version, held=floor)
    return best


def _plain(card: ModelCard) -> str:
    """Return the file's name; a signed bundle may be wrong, but it leads nowhere else."""
    if card.file in {"", ".", "..", BUNDLE_FILE} or Path(card.file).name != card.file:
        raise Fault(FaultCode.MODEL_FILE_WRONG, name=card.file)
    return card.file


def _proves(path: Path, card: ModelCard) -> bool:
    try:
        if path.stat().st_size != card.size:
            return False
        return sha256(path.read_bytes()).hexdigest() == card.sha256
    except OSError:
        return False


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _full(error: OSError) -> Fault:
    return Fault(FaultCode.DISK_MODELS, reason=error.strerror or type(error).__name__)

"""Releases as a TUF repository in a folder: what boxes fetch is files that were signed elsewhere.

    metadata/  N.root.json  N.targets.json  N.snapshot.json  timestamp.json
    targets/   releases/SUM.NUMBER.json  parts/SUM.NAME
    online/    snapshot.pem  timestamp.pem      the only keys on this machine

Root and targets are signed with keys that never come here; snapshot and timestamp, which say how
fresh the rest is, with keys of this machine. Who steals this machine can hold releases back until
the timestamp expires, and cannot make one.
"""

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.exceptions import RepositoryError, UnsignedMetadataError
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization import DeserializationError

from cloud_broker.services.fleet.releases import ReleaseInfo
from retail_core.errors import Fault
from retail_core.fleet.release import read
from retail_core.texts.faults import FaultCode

DRAFT = "targets.json"
LIFE: Mapping[str, timedelta] = {
    "root": timedelta(days=365),
    "targets": timedelta(days=180),
    "snapshot": timedelta(days=14),
    "timestamp": timedelta(days=3),
}
ONLINE = ("snapshot", "timestamp")
# More than a cloud signs between two backups: once in a day and a half, and at each publication.
AHEAD = 10_000
Signers = Sequence[CryptoSigner]


def make_key(path: Path, passphrase: bytes) -> CryptoSigner:
    """Write a new signing key, only for its owner's eyes. Fault RELEASE_KEY_WRONG if it exists."""
    signer = CryptoSigner.generate_ed25519()
    _write_private(path, _pem(signer, passphrase))
    return signer


def _write_private(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Fault(FaultCode.RELEASE_KEY_WRONG, what=f"{path.name} exists") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def load_key(path: Path, passphrase: bytes) -> CryptoSigner:
    """Read a signing key. Fault RELEASE_KEY_WRONG."""
    try:
        private = load_pem_private_key(path.read_bytes(), passphrase or None)
        public = SSlibKey.from_crypto(private.public_key())
        return CryptoSigner(private, public)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        what = f"{path.name}: {type(error).__name__}"
        raise Fault(FaultCode.RELEASE_KEY_WRONG, what=what) from None


def _pem(signer: CryptoSigner, passphrase: bytes) -> bytes:
    private = load_pem_private_key(signer.private_bytes, None)
    secret = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)


@dataclass(frozen=True, slots=True)
class Trust:
    """Who signs a role: the keys, and how many of them have to."""

    signers: Signers
    needed: int = 1


class ReleaseShelf:
    """One folder; its owner is one process at a time (the commands, or the keeper of freshness)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.metadata = folder / "metadata"
        self.targets = folder / "targets"

    @property
    def made(self) -> bool:
        """Whether anything can be fetched."""
        return (self.metadata / "timestamp.json").exists()

    # ---- beginning and trust --------------------------------------------------------------------

    def begin(self, now_ms: int, root: Trust, targets: Trust) -> bytes:
        """Make an empty repository; return the first root, which boxes are given."""
        if self.made:
            raise Fault(FaultCode.RELEASE_KEY_WRONG, what=f"{self.folder} exists")
        online = {role: make_key(self._online(role), b"") for role in ONLINE}
        first = Root(version=1, expires=_until("root", now_ms), consistent_snapshot=True)
        trusts = {"root": root, "targets": targets}
        trusts |= {role: Trust([signer]) for role, signer in online.items()}
        for role, trust in trusts.items():
            _trust(first, role, trust)
        signed = _signed(Metadata(first), root.signers)
        self._put("1.root.json", signed)
        index = Metadata(Targets(version=1, expires=_until("targets", now_ms)))
        self._freshen(_signed(index, targets.signers), now_ms)
        return signed.to_bytes()

    def rotate(self, now_ms: int, old: Signers, role: str, trust: Trust | None = None) -> int:
        """Give a role other keys, signed by enough of the old and of the new root; its version.

        Keys of this machine are made anew here (no `trust`). What the role signed is signed again.
        """
        before, index = self.root(), self._next(now_ms)
        trust = Trust([CryptoSigner.generate_ed25519()]) if trust is None else trust
        after = deepcopy(before.signed)
        after.version += 1
        after.expires = _until("root", now_ms)
        for keyid in list(after.roles[role].keyids):
            after.revoke_key(keyid, role)
        _trust(after, role, trust)
        signed = _signed(Metadata(after), [*old, *(trust.signers if role == "root" else ())])
        try:
            before.signed.verify_delegate("root", signed.signed_bytes, signed.signatures)
            after.verify_delegate("root", signed.signed_bytes, signed.signatures)
        except UnsignedMetadataError as error:
            raise Fault(FaultCode.RELEASE_KEY_WRONG, what=str(error)[:120]) from None
        self._put(f"{after.version}.root.json", signed)
        if role in ONLINE:
            self._online(role).unlink(missing_ok=True)
            _write_private(self._online(role), _pem(trust.signers[0], b""))
        if role != "root":
            fresh = _signed(index, trust.signers) if role == "targets" else self.index()
            self._freshen(fresh, now_ms)
        return after.version

    def root(self) -> Metadata[Root]:
        """Return the newest root. Fault RELEASE_NO_SHELF."""
        return _read(self.root_file(), Root)

    def root_file(self) -> Path:
        """Return where the newest root lies. Fault RELEASE_NO_SHELF."""
        versions = [int(one.name.split(".")[0]) for one in self.metadata.glob("*.root.json")]
        if not versions:
            raise Fault(FaultCode.RELEASE_NO_SHELF)
        return self.metadata / f"{max(versions)}.root.json"

    # ---- what is offered ------------------------------------------------------------------------

    def index(self) -> Metadata[Targets]:
        """Return what is offered now. Fault RELEASE_NO_SHELF."""
        return _read(self.metadata / f"{self._index_version()}.targets.json", Targets)

    def releases(self) -> tuple[ReleaseInfo, ...]:
        """Return the releases on offer, newest first."""
        found = []
        for path, target in self.index().signed.targets.items():
            if path.startswith("releases/"):
                release = read(self._file_of(path, target).read_bytes())
                size = sum(self.index().signed.targets[one.path].length for one in release.parts)
                found.append(ReleaseInfo(release.number, release.version, size))
        return tuple(sorted(found, key=lambda one: -one.number))

    def draft(self, build: Path, now_ms: int) -> Metadata[Targets]:
        """Return the next index, unsigned, with what a build's folder holds. RELEASE_TAKEN."""
        made = [one for one in sorted(build.rglob("*")) if one.is_file() and one.name != DRAFT]
        listed = self._next(now_ms)
        for file in made:
            path = file.relative_to(build).as_posix()
            target = TargetFile.from_file(path, str(file), ["sha256"])
            if path.startswith("releases/"):
                number = read(file.read_bytes()).number
                if number <= max((one.number for one in self.releases()), default=0):
                    raise Fault(FaultCode.RELEASE_TAKEN, number=number)
            listed.signed.targets[path] = target
        return listed

    def draft_without(self, number: int, now_ms: int) -> Metadata[Targets]:
        """Return the next index, unsigned, without a release and its parts. RELEASE_UNKNOWN."""
        listed = self._next(now_ms)
        gone = listed.signed.targets.pop(f"releases/{number}.json", None)
        if gone is None:
            raise Fault(FaultCode.RELEASE_UNKNOWN, what=str(number))
        used = {
            part.path
            for path, target in listed.signed.targets.items()
            if path.startswith("releases/")
            for part in read(self._file_of(path, target).read_bytes()).parts
        }
        for path in [one for one in listed.signed.targets if one.startswith("parts/")]:
            if path not in used:
                del listed.signed.targets[path]
        return listed

    def publish(self, build: Path, now_ms: int) -> None:
        """Take a signed index and its files in. Faults RELEASE_KEY_WRONG, RELEASE_WRONG."""
        fresh = _read(build / DRAFT, Targets)
        root, index = self.root().signed, self.index().signed
        try:
            root.verify_delegate("targets", fresh.signed_bytes, fresh.signatures)
        except (UnsignedMetadataError, ValueError) as error:
            raise Fault(FaultCode.RELEASE_KEY_WRONG, what=str(error)[:120]) from None
        if fresh.signed.version != index.version + 1:
            raise Fault(FaultCode.RELEASE_WRONG, what=f"index {fresh.signed.version}")
        for path, target in fresh.signed.targets.items():
            self._take(build / path, path, target)
        self._freshen(fresh, now_ms)

    def freshen(self, now_ms: int) -> bool:
        """Sign anew what says how fresh the rest is, at half its life; return whether it did."""
        stamp = _read(self.metadata / "timestamp.json", Timestamp).signed
        if stamp.expires - _time(now_ms) > LIFE["timestamp"] / 2:
            return False
        self._freshen(self.index(), now_ms)
        return True

    def go_ahead(self, now_ms: int) -> bool:
        """Sign anew with numbers far above its own, for boxes that saw what a backup has not.

        Return whether it could: without the keys of this machine they have to be made anew.
        """
        if not self.made or not all(self._online(role).exists() for role in ONLINE):
            return False
        self._freshen(self.index(), now_ms, AHEAD)
        return True

    # ---- inside ---------------------------------------------------------------------------------

    def _next(self, now_ms: int) -> Metadata[Targets]:
        after = self.index().signed
        after.version += 1
        after.expires = _until("targets", now_ms)
        return Metadata(after)

    def _take(self, source: Path, path: str, target: TargetFile) -> None:
        place = self._file_of(path, target)
        if place.exists():
            return
        try:
            with source.open("rb") as file:
                target.verify_length_and_hashes(file)
        except (OSError, RepositoryError) as error:
            raise Fault(FaultCode.RELEASE_WRONG, what=f"{path}: {type(error).__name__}") from None
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place.with_suffix(".new"))
        place.with_suffix(".new").replace(place)

    def _file_of(self, path: str, target: TargetFile) -> Path:
        folder, _, name = path.rpartition("/")
        return self.targets / folder / f"{target.hashes['sha256']}.{name}"

    def _freshen(self, index: Metadata[Targets], now_ms: int, by: int = 1) -> None:
        """Write an index, then what names it; the timestamp last, so a cut leaves the old state."""
        version = self._snapshot_version() + by
        self._put(f"{index.signed.version}.targets.json", index)
        meta = {"targets.json": _meta(index)}
        until = _until("snapshot", now_ms)
        snapshot = self._by(Metadata(Snapshot(version=version, expires=until, meta=meta)))
        self._put(f"{version}.snapshot.json", snapshot)
        until = _until("timestamp", now_ms)
        stamp = Timestamp(version=version, expires=until, snapshot_meta=_meta(snapshot))
        self._put("timestamp.json", self._by(Metadata(stamp)))

    def _by(self, made: Metadata[Any]) -> Metadata[Any]:
        role = made.signed.type
        return _signed(made, [load_key(self._online(role), b"")])

    def _online(self, role: str) -> Path:
        return self.folder / "online" / f"{role}.pem"

    def _snapshot_version(self) -> int:
        try:
            stamp = _read(self.metadata / "timestamp.json", Timestamp)
        except Fault:
            return 0
        return int(stamp.signed.snapshot_meta.version)

    def _index_version(self) -> int:
        version = self._snapshot_version()
        if not version:
            raise Fault(FaultCode.RELEASE_NO_SHELF)
        snapshot = _read(self.metadata / f"{version}.snapshot.json", Snapshot)
        return int(snapshot.signed.meta["targets.json"].version)

    def _put(self, name: str, made: Metadata[Any]) -> None:
        self.metadata.mkdir(parents=True, exist_ok=True)
        fresh = self.metadata / f"{name}.new"
        with fresh.open("wb") as file:
            file.write(made.to_bytes())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.metadata / name)


def sign(build: Path, draft: Metadata[Targets] | None, signers: Signers) -> int:
    """Put signatures under a build's index, beside those it has; return how many it has now."""
    index = _read(build / DRAFT, Targets) if draft is None else draft
    for signer in signers:
        index.sign(signer, append=True)
    index.to_file(str(build / DRAFT))
    return len(index.signatures)


def _signed(made: Metadata[Any], signers: Collection[CryptoSigner]) -> Metadata[Any]:
    for signer in signers:
        made.sign(signer, append=True)
    return made


def _trust(root: Root, role: str, trust: Trust) -> None:
    for signer in trust.signers:
        root.add_key(signer.public_key, role)
    root.roles[role].threshold = trust.needed


def _meta(made: Metadata[Any]) -> MetaFile:
    content = made.to_bytes()
    digest = sha256(content).hexdigest()
    return MetaFile(made.signed.version, len(content), {"sha256": digest})


def _read(path: Path, kind: type) -> Metadata[Any]:
    try:
        found: Metadata[Any] = Metadata.from_bytes(path.read_bytes())
    except (OSError, DeserializationError):
        raise Fault(FaultCode.RELEASE_NO_SHELF) from None
    if not isinstance(found.signed, kind):
        raise Fault(FaultCode.RELEASE_WRONG, what=path.name)
    return found


def _time(now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms // 1_000, UTC)


def _until(role: str, now_ms: int) -> datetime:
    return _time(now_ms) + LIFE[role]

"""Tenants' keys as files that only the cloud's account can read."""

import os
import tomllib
from pathlib import Path
from uuid import UUID

from cloud_broker.ports.secrets import TenantKeys

_SIZES = {
    "bundle_seed": 32,
    "phone_hash_key": 32,
    "card_hash_key": 32,
    "sun_meta_key": 16,
    "sun_master_key": 16,
}


class FileKeyRing:
    """One 0600 file a tenant, made on the first call and never changed.

    Losing the file means that no card, phone number or bundle of the tenant can be checked again:
    it belongs into the backup, apart from the database.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keys(self, tenant: UUID) -> TenantKeys:
        """Return a tenant's keys, made and stored on the first call."""
        path = self._folder / f"{tenant}.keys.toml"
        if not path.exists():
            self._make(path)
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return TenantKeys(**{name: bytes.fromhex(found[name]) for name in _SIZES})

    def _make(self, path: Path) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = "".join(f'{name} = "{os.urandom(size).hex()}"\n' for name, size in _SIZES.items())
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        try:
            # A link does not overwrite: of two processes that make the keys, the first one wins.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()

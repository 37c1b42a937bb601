"""The root of trust for releases: pinned once, then followed by TUF's own chain alone.

It comes with the box's enrolment: over a connection whose authority was known by the ticket's pin,
which the box opened with its own certificate. What was pinned is never taken anew: a cloud that
somebody stole later cannot give another one to boxes that have theirs.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError

from edge_agent.adapters.identity_file import write_private
from retail_core.errors import Fault
from retail_core.fleet.enrol_code import pin_of
from retail_core.texts.faults import FaultCode

ROOT_FILE = "release-root.json"


def checked(content: bytes, pin: str = "") -> bytes:
    """Return a root that enough of its own keys signed, and a pin names if one is given.

    Fault RELEASE_ROOT_WRONG. Whether it has expired is not asked: newer ones follow it.
    """
    try:
        found: Metadata[Root] = Metadata.from_bytes(content)
        if not isinstance(found.signed, Root):
            raise Fault(FaultCode.RELEASE_ROOT_WRONG, what=str(found.signed.type))
        found.signed.verify_delegate("root", found.signed_bytes, found.signatures)
    except (DeserializationError, RepositoryError, ValueError) as error:
        raise Fault(FaultCode.RELEASE_ROOT_WRONG, what=type(error).__name__) from None
    if pin and pin_of(content) != pin.lower():
        raise Fault(FaultCode.RELEASE_ROOT_WRONG, what=pin_of(content))
    return content


def root_in(sheet: Mapping[str, Any], pin: str = "") -> bytes:
    """Return the root that a store's sheet brings, checked; empty where the cloud has none yet.

    Faults RELEASE_ROOT_WRONG, which a pin makes of a missing one, too.
    """
    said = sheet.get("release_root", "")
    if not isinstance(said, str):
        raise Fault(FaultCode.RELEASE_ROOT_WRONG, what="sheet")
    if said or pin:
        return checked(said.encode(), pin)
    return b""


class PinnedRoot:
    """The file of one box; `ask` returns the sheet of its store, for a box that has no root yet."""

    def __init__(self, path: Path, ask: Callable[[], Mapping[str, Any]] | None = None) -> None:
        self.path = path
        self._ask = ask

    def content(self) -> bytes:
        """Return the root, asked for once if need be.

        Faults RELEASE_NO_ROOT, RELEASE_ROOT_WRONG, and those of asking.
        """
        try:
            return self.path.read_bytes()
        except OSError:
            return self._first()

    def _first(self) -> bytes:
        content = b"" if self._ask is None else root_in(self._ask())
        if not content:
            raise Fault(FaultCode.RELEASE_NO_ROOT, path=str(self.path))
        write_private(self.path, content, 0o644)
        return content

"""What a release is made of: a signed list of its parts, each a file with a length and a sum.

The list and every part are targets of the same signed index; the number decides what is newer.
"""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

LIST_BYTES_MAX = 64 * 1024
PARTS_MAX = 16
NUMBER_MAX = (1 << 53) - 1
ANY = "any"
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,47}\Z")

PartKind = Literal["agent", "models", "configs"]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tree of files: as a target's path, for which platform, and its bytes when unpacked."""

    path: Annotated[str, Meta(pattern=r"^parts/[a-z0-9._-]{1,120}$")]
    kind: PartKind
    platform: Annotated[str, Meta(max_length=80)]
    unpacked: Annotated[int, Meta(ge=0, le=1 << 33)]


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release: its number, which only grows, its name, its parts."""

    number: Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
    version: Annotated[str, Meta(max_length=48)]
    parts: Annotated[tuple[Part, ...], Meta(min_length=1, max_length=PARTS_MAX)]

    def for_platform(self, platform: str) -> tuple[Part, ...]:
        """Return the parts a box takes. Fault RELEASE_NOT_OURS without a program for it."""
        taken = tuple(one for one in self.parts if one.platform in {ANY, platform})
        if sum(one.kind == "agent" for one in taken) != 1:
            raise Fault(FaultCode.RELEASE_NOT_OURS, platform=platform)
        return taken


def path_of(number: int) -> str:
    """Return the target under which a release's list stands."""
    return f"releases/{number}.json"


def write(release: Release) -> bytes:
    """Return a list's bytes. Fault RELEASE_WRONG."""
    if not _VERSION.match(release.version):
        raise Fault(FaultCode.RELEASE_WRONG, what=f"version {release.version[:48]!r}")
    return msgspec.json.format(msgspec.json.encode(release), indent=1) + b"\n"


def read(content: bytes) -> Release:
    """Read a list. Fault RELEASE_WRONG."""
    try:
        found = msgspec.json.decode(content[:LIST_BYTES_MAX], type=Release)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Fault(FaultCode.RELEASE_WRONG, what=str(error)[:200]) from None
    if not _VERSION.match(found.version):
        raise Fault(FaultCode.RELEASE_WRONG, what="version")
    return found

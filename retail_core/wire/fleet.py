"""What a box and the cloud say to each other of its twin, commands and release, over HTTP.

One question has it all: what became of what was wanted, which commands it would like to start and
how others ended; the answer says what is wanted and which commands wait. Asked again it changes
nothing. No clock travels but milliseconds that are left.
"""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.fields import Count, Id, Text

KEYS_MAX = 256
COMMANDS_MAX = 64
WORD_BYTES_MAX = 256 * 1024

WireValue = bool | int | Annotated[str, Meta(max_length=16_384)]
Detail = Annotated[str, Meta(max_length=2_000)]
Wanted = Annotated[dict[Text, WireValue], Meta(max_length=KEYS_MAX)]
KeysTold = Annotated[tuple["KeyTold", ...], Meta(max_length=KEYS_MAX)]
CommandsTold = Annotated[tuple["CommandTold", ...], Meta(max_length=COMMANDS_MAX)]
Ids = Annotated[tuple[Id, ...], Meta(max_length=COMMANDS_MAX)]


class KeyTold(msgspec.Struct, array_like=True, frozen=True):
    """What became of one key; `value` is what is in force."""

    key: Text
    outcome: Text
    value: WireValue | None = None
    code: Text = ""


class CommandTold(msgspec.Struct, array_like=True, frozen=True):
    """How a command ended."""

    id: Id
    state: Text
    code: Text = ""
    detail: Detail = ""


class UpdateTold(msgspec.Struct, array_like=True, frozen=True):
    """Which release runs on a box, and how far it is with the one it is about (0: none).

    `sales` and `breaks` are those of its trial, `waits` why it does not restart yet.
    """

    running: Count
    version: Text = ""
    number: Count = 0
    stage: Text = ""
    code: Text = ""
    sales: Count = 0
    breaks: Count = 0
    waits: Text = ""


class ReleaseWish(msgspec.Struct, array_like=True, frozen=True):
    """The release a box is to have, or to leave (`back`), and what it has to show first.

    `window_from` and `window_to` are minutes of the store's day, `hold_s` how long a basket that
    nobody touches keeps the box from restarting.
    """

    number: Count
    version: Text = ""
    back: bool = False
    sales: Count = 1
    well_s: Count = 300
    window_from: Count = 0
    window_to: Count = 0
    hold_s: Count = 0


class FleetWord(msgspec.Struct, array_like=True, frozen=True):
    """A box's word; `version` is the desired state that `keys` are about, `starts` it asks for."""

    v: int
    version: Count
    keys: KeysTold = ()
    starts: Ids = ()
    ended: CommandsTold = ()
    update: UpdateTold | None = None


class CommandSheet(msgspec.Struct, array_like=True, frozen=True):
    """A command that waits for this box; `args` are words, `dry` ones change nothing."""

    id: Id
    kind: Text
    args: dict[Text, Text] = {}
    left_ms: Count = 0
    dry: bool = False


class FleetSheet(msgspec.Struct, array_like=True, frozen=True):
    """What is wanted; `started` are those asked for that may begin, `noted` the ended ones."""

    v: int
    version: Count
    wanted: Wanted = {}
    commands: tuple[CommandSheet, ...] = ()
    started: tuple[CommandSheet, ...] = ()
    noted: Ids = ()
    release: ReleaseWish | None = None


_Word = TypeVar("_Word", FleetWord, FleetSheet)


def decode_word(raw: bytes) -> FleetWord:
    """Read a box's word; Faults WIRE_TOO_LARGE, WIRE_MALFORMED."""
    return _decode(raw, FleetWord)


def decode_sheet(raw: bytes) -> FleetSheet:
    """Read the cloud's sheet; Faults WIRE_TOO_LARGE, WIRE_MALFORMED."""
    return _decode(raw, FleetSheet)


def _decode(raw: bytes, kind: type[_Word]) -> _Word:
    if len(raw) > WORD_BYTES_MAX:
        raise Fault(FaultCode.WIRE_TOO_LARGE, limit=WORD_BYTES_MAX)
    try:
        found: Any = msgspec.msgpack.decode(raw, type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError):
        raise Fault(FaultCode.WIRE_MALFORMED) from None
    return found  # type: ignore[no-any-return]

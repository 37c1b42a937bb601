"""The settings that may travel to a box, their types, and which of them could cut it off.

A key stands for the same place in the box's config file; one of a till or of a counter has its
name in the middle, `tills.老收银机.profile`. What is no setting here cannot be sent: secrets, paths
and who the box is are not the twin's business.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import urlsplit

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Value = bool | int | str

PEM_CHARS_MAX = 16_384
URL_CHARS_MAX = 255
_PEM_HEAD = "-----BEGIN CERTIFICATE-----"
_PORT_MAX = 65_535
_SHARE = re.compile(r"0|1|0\.\d{1,3}|1\.0{1,3}", re.ASCII)
_ZONE_PARTS = 4
# What is said in one line, and what names a device.
WORDS_CHARS_MAX, DEVICE_CHARS_MAX = 40, 200


class Applies(StrEnum):
    """When a new value is in force."""

    AT_ONCE = "at_once"
    AT_START = "at_start"
    TRIED = "tried"  # on a second connection first; the box goes back by itself
    PROVEN = "proven"  # at a start, kept only when the till's line came up


class Kind(StrEnum):
    """What a value may be."""

    FLAG = "flag"
    NUMBER = "number"
    CHOICE = "choice"
    BROKER = "broker"
    WEBSOCKET = "websocket"
    CERTIFICATES = "certificates"
    TEXT = "text"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key; `low` and `high` bound a number, `high` a text's length, `choices` name a choice."""

    kind: Kind
    applies: Applies
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()

    @property
    def cuts_off(self) -> bool:
        """Return whether a wrong value could cost the line to the cloud."""
        return self.applies is Applies.TRIED

    def takes(self, value: object) -> bool:
        """Return whether a value fits."""
        if self.kind is Kind.FLAG:
            return isinstance(value, bool)
        if self.kind is Kind.NUMBER:
            whole = isinstance(value, int) and not isinstance(value, bool)
            return whole and self.low <= int(str(value)) <= self.high
        return isinstance(value, str) and self._takes_text(value)

    def _takes_text(self, text: str) -> bool:
        if self.kind is Kind.CHOICE:
            return text in self.choices
        if self.kind is Kind.TEXT:
            return 0 < len(text) <= self.high and text.isprintable()
        if self.kind is Kind.ZONE:
            return zone_of(text) is not None
        if self.kind is Kind.CERTIFICATES:
            return len(text) <= PEM_CHARS_MAX and text.lstrip().startswith(_PEM_HEAD)
        schemes = ("mqtt", "mqtts") if self.kind is Kind.BROKER else ("ws", "wss")
        return _is_address(text, schemes)


def zone_of(text: str) -> tuple[float, float, float, float] | None:
    """Return a part of a picture, `left,top,right,bottom` from 0 to 1; None where it is none."""
    parts = [one.strip() for one in text.split(",")]
    if len(parts) != _ZONE_PARTS or not all(map(_SHARE.fullmatch, parts)):
        return None
    left, top, right, bottom = map(float, parts)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    """Return whether a text is scheme://host[:port], with a path for a WebSocket alone."""
    if len(text) > URL_CHARS_MAX or not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    bare = not (parts.username or parts.password or parts.query or parts.fragment)
    pathless = parts.path in {"", "/"} or "ws" in schemes
    known = port is None or 0 < port <= _PORT_MAX
    return parts.scheme in schemes and bool(parts.hostname) and bare and pathless and known


_AT_START = Applies.AT_START
_WORDS = Setting(Kind.TEXT, _AT_START, high=WORDS_CHARS_MAX)
_DEVICE = Setting(Kind.TEXT, _AT_START, high=DEVICE_CHARS_MAX)
_FLAG, _ZONE = Setting(Kind.FLAG, _AT_START), Setting(Kind.ZONE, _AT_START)
_PERMILLE = Setting(Kind.NUMBER, _AT_START, 0, 1_000)
BROKER, WEBSOCKET, CA = "network.broker", "network.websocket_url", "network.ca"

SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        BROKER: Setting(Kind.BROKER, Applies.TRIED),
        WEBSOCKET: Setting(Kind.WEBSOCKET, Applies.TRIED),
        CA: Setting(Kind.CERTIFICATES, Applies.TRIED),
        "network.metered": Setting(Kind.FLAG, _AT_START),
        "presence.beat_s": Setting(Kind.NUMBER, Applies.AT_ONCE, 5, 60),
        "language": Setting(Kind.CHOICE, _AT_START, choices=("zh", "en")),
        "clerks.idle_minutes": Setting(Kind.NUMBER, _AT_START, 1, 480),
        "clerks.training_role": Setting(Kind.CHOICE, _AT_START, choices=("clerk", "manager")),
        "face.liveness": Setting(Kind.CHOICE, _AT_START, choices=("hint", "off")),
        "face.active_liveness": Setting(
            Kind.CHOICE, _AT_START, choices=("off", "above_fen", "always")
        ),
        "face.active_liveness_above_fen": Setting(Kind.NUMBER, _AT_START, 0, 10_000_000),
        "agreement.inject": _PERMILLE,
        "agreement.append": _PERMILLE,
        "agreement.display": _PERMILLE,
        "agreement.min_count": Setting(Kind.NUMBER, _AT_START, 1, 2_000),
        "agreement.streak": Setting(Kind.NUMBER, _AT_START, 1, 50),
        "agreement.regain": Setting(Kind.NUMBER, _AT_START, 1, 500),
        "texts.slip": _WORDS,
        "texts.slip_en": _WORDS,
        "texts.welcome": _WORDS,
        "texts.welcome_en": _WORDS,
        "camera.source": _DEVICE,
        "camera.fps": Setting(Kind.NUMBER, _AT_START, 1, 60),
        "camera.zone": _ZONE,
        "nfc.reader": _DEVICE,
        "nfc.plain_uid": Setting(Kind.FLAG, _AT_START),
        "qr.from_camera": Setting(Kind.FLAG, _AT_START),
    }
)

TILLS, LANES = "tills", "lanes"
_PLACED_CHARS_MAX = 40
_LINE = Setting(Kind.TEXT, Applies.PROVEN, high=DEVICE_CHARS_MAX)
_LAYOUT = Setting(Kind.TEXT, Applies.PROVEN, high=WORDS_CHARS_MAX)

# What one till of a box has, and one counter of several; `*` is its id or its name.
OF_A_PLACE: Mapping[str, Setting] = MappingProxyType(
    {
        f"{TILLS}.*.profile": _LAYOUT,
        f"{TILLS}.*.port": _LINE,
        f"{TILLS}.*.printer": _LINE,
        f"{TILLS}.*.display.profile": _LAYOUT,
        f"{TILLS}.*.display.port": _LINE,
        f"{TILLS}.*.display.display": _LINE,
        f"{TILLS}.*.display.write": _FLAG,
        f"{TILLS}.*.scanner.profile": _LAYOUT,
        f"{TILLS}.*.scanner.scanner": _LINE,
        f"{TILLS}.*.scanner.port": _LINE,
        f"{TILLS}.*.scanner.cards": _DEVICE,
        f"{TILLS}.*.scanner.inject": _DEVICE,
        f"{TILLS}.*.append.on": _FLAG,
        f"{TILLS}.*.append.points": _FLAG,
        f"{TILLS}.*.append.tier": _FLAG,
        f"{TILLS}.*.append.savings": _FLAG,
        f"{TILLS}.*.append.receipt_code": _FLAG,
        f"{TILLS}.*.append.claim_code": _FLAG,
        f"{TILLS}.*.append.own_cut": _FLAG,
        f"{TILLS}.*.append.native_code": _FLAG,
        f"{TILLS}.*.append.language": SETTINGS["language"],
        f"{TILLS}.*.append.place": Setting(Kind.CHOICE, _AT_START, choices=("after", "before_cut")),
        f"{TILLS}.*.append.feed_lines": Setting(Kind.NUMBER, _AT_START, 0, 20),
        f"{TILLS}.*.append.hold_ms": Setting(Kind.NUMBER, _AT_START, 10, 500),
        f"{TILLS}.*.append.within_ms": Setting(Kind.NUMBER, _AT_START, 50, 5_000),
        f"{LANES}.*.camera.source": _DEVICE,
        f"{LANES}.*.camera.fps": SETTINGS["camera.fps"],
        f"{LANES}.*.camera.zone": _ZONE,
        f"{LANES}.*.nfc.reader": _DEVICE,
        f"{LANES}.*.nfc.plain_uid": SETTINGS["nfc.plain_uid"],
        f"{LANES}.*.qr.from_camera": SETTINGS["qr.from_camera"],
    }
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A key apart: `tills.老收银机.port` is (tills, 老收银机, port); others have neither."""

    of: str
    name: str
    field: str

    @property
    def family(self) -> str:
        """Return the key without its name, as `OF_A_PLACE` and the texts have it."""
        return f"{self.of}.*.{self.field}" if self.of else self.field


def placed(key: str) -> Placed:
    """Take a key apart."""
    of, _, rest = key.partition(".")
    name, _, field = rest.partition(".")
    if of not in {TILLS, LANES} or not _is_name(name):
        return Placed("", "", key)
    return Placed(of, name, field)


def key_of(family: str, name: str) -> str:
    """Return the key of a till or a counter; Fault TWIN_KEY_UNKNOWN."""
    key = family.replace("*", name.strip(), 1)
    setting(key)
    return key


def _is_name(text: str) -> bool:
    fits = 0 < len(text) <= _PLACED_CHARS_MAX and text.isprintable() and text == text.strip()
    return fits and not set(text) & set("*=")


def found_setting(key: str) -> Setting | None:
    """Return a key's setting, or None where there is no such key."""
    return SETTINGS.get(key) or OF_A_PLACE.get(placed(key).family)


def setting(key: str) -> Setting:
    """Return a key's setting; Fault TWIN_KEY_UNKNOWN."""
    found = found_setting(key)
    if found is None or "*" in key:
        raise Fault(FaultCode.TWIN_KEY_UNKNOWN, key=key)
    return found


def check(key: str, value: object) -> None:
    """Refuse what does not fit. Faults TWIN_KEY_UNKNOWN, TWIN_VALUE_WRONG."""
    if not setting(key).takes(value):
        raise Fault(FaultCode.TWIN_VALUE_WRONG, key=key)


def read_value(key: str, text: str) -> Value:
    """Return what a person typed, as its key has it; Faults TWIN_KEY_UNKNOWN, TWIN_VALUE_WRONG."""
    kind = setting(key).kind
    value: Value = text
    if kind is Kind.FLAG and text in {"true", "false"}:
        value = text == "true"
    elif kind is Kind.NUMBER and text.isascii() and text.isdecimal():
        value = int(text[:20])
    check(key, value)
    return value

"""Lengths in frames: how many bytes they take and what they say."""

from edge_agent.drivers.profiles.framed import LengthForm

_EXTENDED = 0xFF
_SHORT_MAX = 0xFE
_U16_MAX = 0xFFFF
_TEN = 10
_BCD_MAX = 9_999
_WIDE = 2


def read_length(form: LengthForm, data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Return (bytes taken, what it says); None when more bytes are needed, -1 said: no length."""
    if form == "ff-u16-le" and data[at : at + 1] == bytes((_EXTENDED,)):
        taken, raw = 1 + _WIDE, data[at + 1 : at + 1 + _WIDE]
        return (taken, int.from_bytes(raw, "little")) if len(raw) == _WIDE else None
    taken = 1 if form in {"u8", "ff-u16-le"} else _WIDE
    raw = data[at : at + taken]
    if len(raw) < taken:
        return None
    if form == "bcd-2":
        return taken, _from_bcd(raw)
    return taken, int.from_bytes(raw, "little" if form == "u16-le" else "big")


def write_length(form: LengthForm, value: int) -> bytes | None:
    """Return a length as it stands on the line; None when it cannot say that much."""
    if form == "u8":
        return bytes((value,)) if value <= _EXTENDED else None
    if form == "bcd-2":
        return bytes.fromhex(f"{value:04d}") if value <= _BCD_MAX else None
    if form == "ff-u16-le" and value <= _SHORT_MAX:
        return bytes((value,))
    if value > _U16_MAX:
        return None
    wide = value.to_bytes(_WIDE, "big" if form == "u16-be" else "little")
    return bytes((_EXTENDED,)) + wide if form == "ff-u16-le" else wide


def _from_bcd(raw: bytes | bytearray) -> int:
    said = 0
    for byte in raw:
        high, low = divmod(byte, 16)
        if high >= _TEN or low >= _TEN:
            return -1
        said = said * _TEN * _TEN + high * _TEN + low
    return said

"""What tills of many countries print (`languages.toml`): words, goods, alphabets, money."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

FS_ON = b"\x1c&"
FS_OFF = b"\x1c."


@dataclass(frozen=True, slots=True)
class Alphabet:
    """A codec and the bytes that tell the printer of it (none: the printer knows)."""

    codec: str
    setup: bytes = b""
    per_run: tuple[bytes, bytes] = (b"", b"")


@dataclass(frozen=True, slots=True)
class Land:
    """One country's tills; `places` 0 for money without fractions."""

    name: str
    goods: tuple[str, ...]
    weighed: tuple[str, ...]
    shop: tuple[str, ...]
    head: tuple[str, ...]
    foot: tuple[str, ...]
    total: tuple[str, ...]
    subtotal: tuple[str, ...]
    discount: tuple[str, ...]
    cash: tuple[str, ...]
    card: tuple[str, ...]
    change: tuple[str, ...]
    tax: tuple[str, ...]
    columns: tuple[tuple[str, str, str, str], ...]
    alphabets: tuple[Alphabet, ...]
    decimal: str = "."
    group: str = ","
    places: int = 2
    before: tuple[str, ...] = ("",)
    behind: tuple[str, ...] = ("",)
    count: tuple[str, ...] = ()
    rounding: tuple[str, ...] = ()
    number: tuple[str, ...] = ()
    refund: tuple[str, ...] = ()
    reprint: tuple[str, ...] = ()
    report: tuple[str, ...] = ()
    kitchen: tuple[str, ...] = ()
    slip: tuple[str, ...] = ()
    tax_on_top: bool = False


def _alphabet(text: str) -> Alphabet:
    """Read `codec setup on/off`, the bytes in hex, `-` for none."""
    codec, setup, *runs = text.split()
    on, _, off = (runs[0] if runs else "/").partition("/")
    told = b"" if setup == "-" else bytes.fromhex(setup)
    return Alphabet(codec, told, (bytes.fromhex(on), bytes.fromhex(off)))


def _value(key: str, value: Any) -> Any:
    if key == "alphabets":
        return tuple(map(_alphabet, value))
    if isinstance(value, list):
        return tuple(tuple(each) if isinstance(each, list) else each for each in value)
    return value


def _lands() -> dict[str, Land]:
    content = tomllib.loads(Path(__file__).with_name("languages.toml").read_text(encoding="utf-8"))
    known = {each.name for each in fields(Land)}
    return {
        name: Land(
            name, **{key: _value(key, value) for key, value in table.items() if key in known}
        )
        for name, table in content.items()
    }


LANDS = _lands()

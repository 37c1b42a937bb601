"""Records of people made comparable: names, what they sound like, numbers, places, days.

What a field says nothing with becomes None; None is like nothing, not even like None.
"""

import re
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize

import phonenumbers
from msgspec import Struct
from pypinyin import lazy_pinyin

from retail_core.errors import Fault
from retail_core.identity.naming import normalise_phone
from retail_core.insight.persons.kinds import NOBODY

_NAME_NOISE = re.compile(r"[\W\d_]+|先生|女士|小姐|mr\b|mrs\b|ms\b")
_ADDRESS_NOISE = re.compile(r"[\s,.;:、,。;:()()\-]+")
_DAY = re.compile(r"(\d{4})\D{0,2}?(\d{1,2})\D{0,2}?(\d{1,2})日?")
_DISTRICT = re.compile(r".{1,30}?[区县旗]")
_LETTERS = string.ascii_letters + string.digits
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SAME_DAY = 100_000


class _Each(dict[int, str]):
    """What stands for each character, worked out once: strings are translated at C's pace."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, point: int) -> str:
        made = self[point] = self._of(chr(point))
        return made


def _sound(character: str) -> str:
    return str(lazy_pinyin(character)[0])


def _letter(character: str) -> str:
    return _LETTERS[ord(character) % len(_LETTERS)]


_SOUNDS, _LETTER = _Each(_sound), _Each(_letter)
_PLACES = _Each(lambda character: _ADDRESS_NOISE.sub("", character))


@dataclass(frozen=True, slots=True)
class Record:
    """What a system holds of somebody, as it was typed in."""

    record_id: str
    name: str = ""
    phone: str = ""
    email: str = ""
    born: str = ""
    address: str = ""


class Comparable(Struct, frozen=True, gc=False):
    """A record as it is compared.

    `sound` is the name without tones, `letters` a letter for each of its characters (engines count
    bytes where they should count characters), `district` the address down to 区 or 县.
    """

    record_id: str
    name: str | None
    sound: str | None
    letters: str | None
    phone: str | None
    email: str | None
    born: str | None
    district: str | None
    address: str | None


def comparable(records: Iterable[Record]) -> Iterator[Comparable]:
    """Yield records made comparable."""
    for one in records:
        name = name_of(one.name)
        address = normalize("NFKC", one.address).lower().translate(_PLACES) or None
        district = None if address is None else _DISTRICT.match(address)
        yield Comparable(
            one.record_id,
            name,
            None if name is None else name.translate(_SOUNDS),
            None if name is None else name.translate(_LETTER),
            phone_of(one.phone),
            email_of(one.email),
            born_of(one.born),
            district[0] if district else None,
            address,
        )


def name_of(text: str) -> str | None:
    """Return a name without titles, blanks, figures and capitals."""
    name = _NAME_NOISE.sub("", normalize("NFKC", text).lower())
    return None if name in NOBODY else name


def phone_of(text: str) -> str | None:
    """Return E.164 digits; a number without a country code is one of the mainland."""
    if not text:
        return None
    try:
        return normalise_phone(text)
    except Fault:
        pass
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return f"{number.country_code}{number.national_number}"


def email_of(text: str) -> str | None:
    """Return an e-mail address in small letters."""
    bare = normalize("NFKC", text).strip().lower()
    return bare if _EMAIL.fullmatch(bare) else None


@lru_cache(maxsize=_SAME_DAY)
def born_of(text: str) -> str | None:
    """Return a day as `yyyymmdd`; what is no whole day is nothing."""
    found = _DAY.fullmatch(text.strip())
    return None if found is None else f"{found[1]}{int(found[2]):02}{int(found[3]):02}"

"""Phone numbers and names, normal for machines and masked for screens."""

import re
from unicodedata import normalize

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_SEPARATORS = re.compile(r"[\s()\-.]")
_HOME_CODE = "86"
_HOME_MOBILE = re.compile(r"861[3-9][0-9]{9}")
_ABROAD = re.compile(r"(?:\+|00)([1-9][0-9]{6,14})")
_TAIL = 4
_HEAD = 3
# Who gave no name is called by the last digits of her number.
_UNNAMED = {"zh": "会员", "en": "Member "}
_STAND_IN = re.compile(f"({'|'.join(_UNNAMED.values())})[0-9]{{{_TAIL}}}")


def normalise_phone(text: str) -> str:
    """Return E.164 digits without the plus; a mainland mobile number needs no country code.

    Takes what people type: full-width digits, blanks, dashes, brackets, `+` or `00` in front. A
    bare number that is no mainland mobile is refused, not guessed at: with one digit forgotten it
    would be somebody's number abroad. Fault API_BODY_INVALID.
    """
    typed = _SEPARATORS.sub("", normalize("NFKC", text))
    abroad = _ABROAD.fullmatch(typed)
    digits = abroad[1] if abroad else _HOME_CODE + typed.removeprefix(_HOME_CODE)
    if digits.startswith(_HOME_CODE) and not _HOME_MOBILE.fullmatch(digits):
        raise Fault(FaultCode.API_BODY_INVALID, detail="phone")
    return digits


def mask_phone(digits: str) -> str:
    """Return E.164 digits as a screen shows them: `138****8000`."""
    local = digits.removeprefix(_HOME_CODE)
    if len(local) < _HEAD + 2 * _TAIL:
        return "*" * max(len(local) - _TAIL, 0) + local[-_TAIL:]
    return local[:_HEAD] + "*" * (len(local) - _HEAD - _TAIL) + local[-_TAIL:]


def stand_in_name(digits: str, language: str) -> str:
    """Return what somebody without a name is called: `会员8000`, `Member 8000`."""
    return _UNNAMED.get(language, _UNNAMED["zh"]) + digits[-_TAIL:]


def mask_name(name: str) -> str:
    """Return a name as a stranger may see it: `王*`, `欧***娜`, `A*** S***`; `会员` for no name."""
    stand_in = _STAND_IN.fullmatch(name)
    if stand_in:
        return stand_in[1].strip()
    words = name.split()
    if all(word.isascii() for word in words):
        return " ".join(word[0] + "***" for word in words)
    return " ".join(_mask_word(word) for word in words)


def _mask_word(word: str) -> str:
    return word[0] + "*" * max(len(word) - 2, 1) + word[2:][-1:]

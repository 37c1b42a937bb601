"""What a message says: a text with places that are filled, checked before anybody approves it."""

import re
from collections.abc import Mapping
from typing import Final

from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import Channel
from retail_core.texts.faults import FaultCode

TEXT_CHARS_MAX: Final = 500
PLACES: Final = frozenset({"brand", "coupon", "last_day", "campaign"})
# How to stop it has to stand in every SMS that advertises; these are the words operators look for.
_WAYS_OUT: Final = ("退订", "拒收", "STOP", "unsubscribe")
_STOPS: Final = frozenset(
    ["T", "TD", "N", "R", "0000", "STOP", "UNSUBSCRIBE", "退订", "拒收", "取消", "不要"]
)
_PLACE: Final = re.compile(r"\{([^{}]*)\}")


def check_template(channel: Channel, text: str) -> None:
    """Check a template's text. Fault TEMPLATE_INVALID says what is wrong."""
    if not 1 <= len(text) <= TEXT_CHARS_MAX or not text.strip():
        _refuse(f"1–{TEXT_CHARS_MAX}")
    unknown = {name for name in _PLACE.findall(text) if name not in PLACES}
    if unknown:
        _refuse("{" + "}, {".join(sorted(unknown)) + "}")
    if set(_PLACE.sub("", text)) & set("{}"):
        _refuse("{ }")
    if any(ord(char) < ord(" ") and char != "\n" for char in text):
        _refuse("control characters")
    if channel == "sms":
        if "{brand}" not in text:
            _refuse("{brand}")
        if not any(way.lower() in text.lower() for way in _WAYS_OUT):
            _refuse("退订 / STOP")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its places filled; a value's own braces are only braces."""
    return _PLACE.sub(lambda found: values.get(found.group(1), ""), text)


def is_stop(reply: str) -> bool:
    """Tell whether a reply by SMS says to stop."""
    return "".join(char for char in reply if char.isalnum()).upper() in _STOPS


def _refuse(detail: str) -> None:
    raise Fault(FaultCode.TEMPLATE_INVALID, detail=detail)

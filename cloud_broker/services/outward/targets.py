"""Which addresses a message of ours may be sent to, as far as their text says."""

from urllib.parse import urlsplit

TARGET_CHARS_MAX = 500
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def is_target(text: str) -> bool:
    """Tell whether a text can be one: https, or http on this machine, and no name and password.

    Whether its network may be reached is settled when its name was looked up, at each try.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        named = parts.hostname is not None and (parts.port or 1) > 0
    except ValueError:
        return False
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    fits = len(text) <= TARGET_CHARS_MAX and parts.username is None
    return fits and named and (parts.scheme == "https" or plain)

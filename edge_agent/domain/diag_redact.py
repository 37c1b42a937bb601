"""Takes persons and secrets out of what leaves a box for diagnosis.

Two nets: every secret the box knows, as it may be written, and everything that looks like a person
or a key: long numbers, identifiers, addresses, long runs of hex or base64. What is cut too much is
a line less to read; what is cut too little is somebody's phone number.
"""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable

_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL)
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("key", _KEY_BLOCK),
    ("bearer", re.compile(r"(?i)\bbearer[\s.:]+\S+")),
    ("hash", re.compile(r"\$argon2\S+")),
    ("login", re.compile(r"(?<=://)[^/\s@\"]+@")),
    ("mail", re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")),
    ("id", re.compile(r"(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")),
    ("hex", re.compile(r"(?i)(?<![0-9a-z])(?=[0-9]*[a-f])(?:[0-9a-f]{2}[ :.-]?){5,}(?![0-9a-z])")),
    ("base64", re.compile(r"(?<![\w+/])(?=[\w+/-]*[0-9])[\w+/-]{24,}={0,2}(?![\w+/])")),
    # Seven digits and more, however grouped: phones, cards, members, receipts' numbers.
    ("number", re.compile(r"(?<![\d.])(?!20\d\d-\d\d-\d\d[T ])\+?\d(?:[ -]?\d){6,}(?!\d)")),
)
SECRET_BYTES_MIN = 4
_PRIVATE = 0xE000


class Redactor:
    """Knows this box's secrets; `allowed` are identifiers that may stay (the store's own)."""

    def __init__(self, secrets: Iterable[bytes], allowed: Iterable[str] = ()) -> None:
        spelt = {word for one in secrets if len(one) >= SECRET_BYTES_MIN for word in _spelt(one)}
        # The longest first: a secret may stand within another.
        self._secrets = sorted(spelt, key=lambda word: (-len(word), word))
        # Put aside as characters of no alphabet, so that no pattern cuts them up.
        self._aside = {word: chr(_PRIVATE + at) for at, word in enumerate(allowed)}

    def clean(self, text: str) -> str:
        """Return the text with stand-ins that say what stood there."""
        for word, sign in self._aside.items():
            text = text.replace(sign, "").replace(word, sign)
        for word in self._secrets:
            text = text.replace(word, "[secret]")
        for name, pattern in _PATTERNS:
            text = pattern.sub(f"[{name}]", text)
        for word, sign in self._aside.items():
            text = text.replace(sign, word)
        return text


def _spelt(secret: bytes) -> set[str]:
    """Return how a secret may be written: as it is, in hex, in both kinds of base64."""
    coded = {secret.hex(), secret.hex().upper()}
    coded |= {
        b64encode(secret).decode().rstrip("="),
        urlsafe_b64encode(secret).decode().rstrip("="),
    }
    return coded | {secret.decode(errors="replace")}

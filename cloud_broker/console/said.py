"""What a form did, in words, for the page that follows its redirect: one cookie, shown once.

A form sent without our script (none runs, or it has not come yet) is answered by a redirect, which
has no room for words. They travel in the visitor's own browser, so every process can show them, and
are signed by the session, so nobody else puts words into a page.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

COOKIE = "regulars_said"
LIVES_S = 60
WORDS_MAX = 400


@dataclass(frozen=True, slots=True)
class Said:
    """How an act went; `code` names a fault."""

    words: str
    well: bool = True
    code: str = ""


def sealed(said: Said, token: str) -> str:
    """Write it as a cookie's value that holds only beside this session."""
    # Not escaped: many words would be more than a cookie may hold.
    text = json.dumps([said.words[:WORDS_MAX], said.well, said.code], ensure_ascii=False)
    body = text.encode("utf-8", "replace")
    return f"{urlsafe_b64encode(body).decode()}.{_mark(body, token)}"


def opened(value: str, token: str) -> Said | None:
    """Read a cookie's value; None for one that this session did not write."""
    text, _, mark = value.partition(".")
    try:
        body = urlsafe_b64decode(text.encode())
    except ValueError:
        return None
    if not hmac.compare_digest(mark.encode(), _mark(body, token).encode()):
        return None
    words, well, code = json.loads(body)
    return Said(words, well, code)


def _mark(body: bytes, token: str) -> str:
    return hmac.new(token.encode(), b"regulars-console-said" + body, hashlib.sha256).hexdigest()

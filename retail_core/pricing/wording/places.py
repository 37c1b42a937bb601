"""Where in a bundle's text a refused rule and field stand, so that an editor can show the line."""

import json
import re

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_TEXT = re.compile(r'\s*:\s*("(?:[^"\\]|\\.)*")')
_BYTE = re.compile(r"\(byte ([0-9]+)\)|第 ([0-9]+) 字节")


def line_of(text: str, owner: str, field: str, reason: str = "") -> int | None:
    """Return the line, from 1, on which a fault of P107 stands; None when it cannot be told.

    `owner` is a rule's id or "bundle", `field` its path, `reason` what a JSON reader said.
    """
    found = _BYTE.search(reason)
    if found is not None:
        at = int(found[1] or found[2])
        return text.encode()[:at].decode(errors="ignore").count("\n") + 1
    inside = _rule(text, owner) or (0, len(text))
    at_field = _key(text, inside, _names(field))
    if at_field is None and inside == (0, len(text)):
        return None
    return text.count("\n", 0, inside[0] if at_field is None else at_field) + 1


def _names(field: str) -> list[str]:
    """Return the names of a path: `when.slots[0].end` is when, slots, end."""
    return [name for part in field.split(".") if (name := part.partition("[")[0])]


def _rule(text: str, owner: str) -> tuple[int, int] | None:
    """Return from where to where the object with this id stands."""
    for key, value, start in _members(text):
        if key == "id" and value == owner:
            return start, _end(text, start)
    return None


def _key(text: str, inside: tuple[int, int], names: list[str]) -> int | None:
    """Return where the last of the names that is found stands, each after the one before."""
    at: int | None = None
    begin, end = inside
    for name in names:
        found = re.compile(re.escape(json.dumps(name, ensure_ascii=False)) + r"\s*:").search(
            text, begin, end
        )
        if found is None:
            break
        at, begin = found.start(), found.end()
    return at


def _members(text: str) -> list[tuple[str, str, int]]:
    """Return every member with a text: its name, the text, and where its object begins."""
    found: list[tuple[str, str, int]] = []
    open_at: list[int] = []
    at = 0
    while at < len(text):
        string = _STRING.match(text, at)
        if string is None:
            if text[at] in "{[":
                open_at.append(at)
            elif text[at] in "}]" and open_at:
                open_at.pop()
            at += 1
            continue
        at = string.end()
        value = _TEXT.match(text, at)
        if value is not None and open_at:
            found.append((_read(string[0]), _read(value[1]), open_at[-1]))
    return found


def _read(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted


def _end(text: str, start: int) -> int:
    """Return where the object that begins here ends."""
    depth, at = 0, start
    while at < len(text):
        string = _STRING.match(text, at)
        if string is not None:
            at = string.end()
            continue
        depth += (text[at] in "{[") - (text[at] in "}]")
        at += 1
        if not depth:
            break
    return at

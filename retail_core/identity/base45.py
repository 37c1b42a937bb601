"""Base45 (RFC 9285): bytes in the alphabet which a QR code stores in 5.5 bits a character."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_BASE = len(ALPHABET)
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_BYTES_BY_CHARACTERS = {2: 1, 3: 2}


def encode(data: bytes) -> str:
    """Return two bytes as three characters, a last single byte as two."""
    groups = (data[at : at + 2] for at in range(0, len(data), 2))
    return "".join(_characters(int.from_bytes(group, "big"), len(group) + 1) for group in groups)


def decode(text: str) -> bytes:
    """Return the bytes of a text; ValueError when no bytes encode to it."""
    return b"".join(_group(text[at : at + 3]) for at in range(0, len(text), 3))


def _characters(value: int, count: int) -> str:
    found = []
    for _ in range(count):
        value, digit = divmod(value, _BASE)
        found.append(ALPHABET[digit])
    return "".join(found)


def _group(characters: str) -> bytes:
    size = _BYTES_BY_CHARACTERS.get(len(characters))
    if size is None or any(character not in _VALUES for character in characters):
        raise ValueError(f"not Base45: {characters!r}")
    value = 0
    for character in reversed(characters):
        value = value * _BASE + _VALUES[character]
    if value >= 1 << (8 * size):
        raise ValueError(f"Base45 group out of range: {characters!r}")
    return value.to_bytes(size, "big")

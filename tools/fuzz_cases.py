"""Malformed pictures, codes and cards for the recognisers, each made from (seed, target, number).

A case feeds the real decoders and parsers. It returns what was accepted although it must not be,
and raises only what is a crash: every documented refusal is caught here.
"""

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
import segno
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.drivers.nfc_pcsc.frames import CardRefusedError, converse, read_tag
from edge_agent.drivers.nfc_pcsc.ndef import first_uri, uri_message
from edge_agent.drivers.nfc_pcsc.sim import Ntag424
from edge_agent.drivers.qr.reader import QrCascade
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.identity import base45, digit_code, member_code
from retail_core.identity.plain_tag import sign_link, verify_link
from retail_core.identity.sun import file_key, make_sun, verify_sun

Picture = NDArray[np.uint8]
Case = Callable[[random.Random], str | None]

NOW_S = 1_795_327_200
TTL_S = 60
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
META, MASTER = bytes(range(16)), bytes(range(16, 32))
UID = bytes.fromhex("04A1B2C3D4E5F6")
TENANT = bytes(range(32, 48))
MEMBER, SECRET = bytes(range(16)), bytes(range(20))
SIDE_PX_MAX = 200
SYMBOLS = 40
# The order of the group of Ed25519 (RFC 8032 section 5.1): adding it to S changes no equation.
_ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def _public(private: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - only here
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


PUBLIC = _public(KEY)


@dataclass(slots=True)
class Cases:
    """The targets by name; one object a process."""

    cascade: QrCascade = field(default_factory=QrCascade)

    def targets(self) -> dict[str, Case]:
        """Return each target's case."""
        return {
            "picture": self.picture,
            "symbol": self.symbol,
            "token": token,
            "digits": digits,
            "apdu": apdu,
            "ndef": ndef,
            "sun": sun,
            "tag": tag,
        }

    def picture(self, draw: random.Random) -> str | None:
        """Break the bytes of a picture's file; on it stands a code nobody must accept."""
        ending = draw.choice((".jpg", ".png"))
        done, content = cv2.imencode(ending, draw.choice(_drawn(_worthless_content)))
        raw = mutated(draw, content.tobytes()) if done else b""
        try:
            image = decode_picture(raw)
        except Fault:
            return None
        return self._accepted(image)

    def symbol(self, draw: random.Random) -> str | None:
        """Damage the pixels of a symbol, some with odd contents, into odd shapes."""
        shown = draw.choice(_drawn(draw.choice((_worthless_content, _any_content))))
        return self._accepted(_damaged(draw, shown))

    def _accepted(self, image: Picture) -> str | None:
        for payload in self.cascade.read(image):
            if code_accepted(payload) or digits_accepted(payload):
                return f"payload {payload!r}"
        return None


def token(draw: random.Random) -> str | None:
    """Change something in a good code, or take something of its length."""
    good = member_code.mint(KEY, member_code.key_id_of(PUBLIC), NOW_S, TTL_S, draw.randbytes(8))
    raw = base45.decode(good.removeprefix(member_code.PREFIX))
    made = draw.choice(
        (
            lambda: mutated(draw, good.encode()),
            lambda: member_code.PREFIX.encode() + base45.encode(mutated(draw, raw)).encode(),
            lambda: member_code.PREFIX.encode() + base45.encode(draw.randbytes(86)).encode(),
            lambda: member_code.PREFIX.encode() + base45.encode(_other_s(raw)).encode(),
            lambda: draw.randbytes(draw.randint(0, 200)),
            lambda: _worthless(draw).encode(),
        )
    )()
    return f"code {made!r}" if made != good.encode() and code_accepted(made) else None


def digits(draw: random.Random) -> str | None:
    """Change something in a good digit code; make its check digit right again or not."""
    good = digit_code.make(SECRET, MEMBER, NOW_S)
    body = draw.choice(
        (
            good[: draw.randint(1, 19)].ljust(19, draw.choice("0123456789")),
            good[:10] + f"{draw.randrange(10**9):09d}",
            f"{draw.randrange(10**19):019d}",
            digit_code.make(SECRET, MEMBER, NOW_S + draw.choice((-1, 1)) * draw.randint(90, 9999)),
        )
    )[:19]
    made = draw.choice((body + digit_code.luhn(body), str(draw.randrange(10**20)))).encode()
    made = mutated(draw, made) if draw.random() < 0.2 else made  # noqa: PLR2004 -- a share
    fresh = {digit_code.make(SECRET, MEMBER, NOW_S + step).encode() for step in (-30, 0, 30)}
    return f"digits {made!r}" if made not in fresh and digits_accepted(made) else None


def apdu(draw: random.Random) -> str | None:
    """Change a genuine card's answers on the way."""
    key, reads = file_key(MASTER, UID), draw.randrange(1 << 20)
    card = Ntag424(UID, meta_key=META, file_key=key, reads=reads)
    share = draw.choice((0.1, 0.5, 1.0))

    def transmit(command: bytes) -> bytes:
        answer = card.answer(command)
        if draw.random() >= share:
            return answer
        return draw.choice((mutated(draw, answer), draw.randbytes(draw.randint(0, 260))))

    try:
        content = converse(read_tag(), transmit)
    except (CardRefusedError, ValueError):
        return None
    return _sun_accepted(content.uri, genuine=_links_of(reads))


def ndef(draw: random.Random) -> str | None:
    """Change something in an NDEF message."""
    good = make_sun(UID, draw.randrange(1 << 24), META, file_key(MASTER, UID))
    message = uri_message(good)
    made = draw.choice((mutated(draw, message), draw.randbytes(draw.randint(0, 300))))
    return _sun_accepted(first_uri(made), genuine={good})


def sun(draw: random.Random) -> str | None:
    """Change something in a card's link."""
    good = make_sun(UID, draw.randrange(1 << 24), META, file_key(MASTER, UID))
    forged = make_sun(UID, draw.randrange(1 << 24), META, draw.randbytes(16))
    made = draw.choice((mutated(draw, good.encode()), forged.encode(), draw.randbytes(90)))
    return _sun_accepted(made.decode("utf-8", "replace"), genuine={good})


def tag(draw: random.Random) -> str | None:
    """Change something in a signed tag's link, or show it from another chip."""
    good = sign_link(UID, TENANT, KEY)
    chip = draw.choice((UID, UID, draw.randbytes(draw.choice((4, 7, 10)))))
    forged = sign_link(UID, TENANT, OTHER_KEY)
    elsewhere = sign_link(UID, draw.randbytes(16), KEY)
    other = draw.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    made = draw.choice(
        (
            mutated(draw, good.encode()).decode("utf-8", "replace"),
            forged,
            elsewhere,
            good[:-1] + other,
        )
    )
    if made == good and chip == UID:
        return None
    try:
        verify_link(made, chip, TENANT, PUBLIC)
    except Fault:
        return None
    return f"tag {made!r} on {chip.hex()}"


def mutated(draw: random.Random, data: bytes) -> bytes:
    """Return bytes with one to eight flips, cuts, repeats or insertions."""
    made = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 4, 8))):
        at = draw.randrange(len(made) + 1)
        match draw.randrange(6):
            case 0 if at < len(made):
                made[at] ^= 1 << draw.randrange(8)
            case 1 if at < len(made):
                made[at] = draw.choice((0, 0x7F, 0x80, 0xFF, draw.randrange(256)))
            case 2:
                del made[at:]
            case 3:
                del made[at : at + draw.randint(1, 16)]
            case 4:
                made[at:at] = made[at : at + draw.randint(1, 64)]
            case _:
                made[at:at] = draw.randbytes(draw.randint(1, 8))
    return bytes(made)


def code_accepted(payload: bytes) -> bool:
    """Tell whether a shop that knows the key would take this code."""
    try:
        code = member_code.parse(payload)
        if code.key_id != member_code.key_id_of(PUBLIC):
            return False
        member_code.verify(code, PUBLIC, NOW_S, TimeQuality.SYNCED)
    except Fault:
        return False
    return True


def digits_accepted(payload: bytes) -> bool:
    """Tell whether a shop that holds the member would take these digits."""
    try:
        code = digit_code.parse(payload)
        held = [(MEMBER, SECRET)] if code.reference == digit_code.reference_of(MEMBER) else []
        digit_code.verify(code, held, NOW_S, TimeQuality.SYNCED)
    except Fault:
        return False
    return True


def _sun_accepted(uri: str | None, *, genuine: set[str]) -> str | None:
    if uri is None or uri.upper() in {link.upper() for link in genuine}:
        return None
    try:
        verify_sun(uri, META, MASTER)
    except Fault:
        return None
    return f"link {uri!r}"


def _links_of(reads: int) -> set[str]:
    """Return the links a card shows in one visit: its counter goes up with each reading."""
    near = range(reads, reads + 4)
    return {make_sun(UID, count, META, file_key(MASTER, UID)) for count in near}


def _other_s(raw: bytes) -> bytes:
    """Return the code with S + L in its signature: another text that fulfils the equation."""
    s = int.from_bytes(raw[-32:], "little") + _ED25519_ORDER
    return raw[:-32] + s.to_bytes(32, "little")


def _worthless(draw: random.Random) -> str:
    """Return a code of the right form that nobody may accept: forged, too old, too early."""
    key_id, nonce = member_code.key_id_of(PUBLIC), draw.randbytes(8)
    forged = member_code.mint(OTHER_KEY, key_id, NOW_S, TTL_S, nonce)
    old = member_code.mint(KEY, key_id, NOW_S - draw.randint(200, 9_999), TTL_S, nonce)
    early = member_code.mint(KEY, key_id, NOW_S + draw.randint(31, 9_999), TTL_S, nonce)
    late_digits = digit_code.make(SECRET, MEMBER, NOW_S - draw.randint(90, 9_999))
    return draw.choice((forged, old, early, late_digits))


def _worthless_content(draw: random.Random) -> bytes:
    return _worthless(draw).encode()


def _any_content(draw: random.Random) -> bytes:
    return draw.randbytes(draw.randint(1, 90))


@cache
def _drawn(content: Callable[[random.Random], bytes]) -> list[Picture]:
    """Draw the symbols which cases begin with: drawing takes longer than reading."""
    draw = random.Random("symbols")  # noqa: S311 -- repeatable
    return [_frame(draw, content(draw)) for _ in range(SYMBOLS)]


def _frame(draw: random.Random, content: bytes) -> Picture:
    """Draw a code a few pixels a module, with a rim."""
    file = io.BytesIO()
    error = draw.choice("LMQH")
    segno.make(content, error=error, micro=False).save(file, kind="png", scale=2, border=2)
    image = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise AssertionError
    return np.asarray(image, np.uint8)


def _damaged(draw: random.Random, image: Picture) -> Picture:
    """Flip, smear, cut, stretch or invert."""
    random_pixels = np.random.default_rng(draw.randrange(1 << 32))
    made = image.copy()
    match draw.randrange(6):
        case 0:
            spots = random_pixels.random(made.shape) < draw.choice((0.01, 0.05, 0.3))
            made[spots] = 255 - made[spots]
        case 1:
            noise = random_pixels.normal(0, draw.choice((10, 60)), made.shape)
            made = np.clip(made + noise, 0, 255).astype(np.uint8)
        case 2:
            top, left = draw.randrange(made.shape[0]), draw.randrange(made.shape[1])
            made[top : top + 30, left : left + 30] = draw.randrange(256)
        case 3:
            size = (draw.randint(1, SIDE_PX_MAX), draw.randint(1, SIDE_PX_MAX))
            made = np.asarray(cv2.resize(made, size), np.uint8)
        case 4:
            made = np.asarray(255 - made[:, : draw.randint(1, made.shape[1])], np.uint8)
        case _:
            made = random_pixels.integers(0, 256, made.shape, np.uint8)
    return made

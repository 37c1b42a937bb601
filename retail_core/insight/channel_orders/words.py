"""An order is what was said of it, worked out anew from every word; when a word came is nothing.

Channels tell late, twice and out of order: a refund may come before the payment, a cancellation
before the order itself. So each word carries the version its channel gives it (a counter or the
time it was changed there), and the order is the fold of all words by version: for each field the
newest word that says it. The same words in any order give the same order.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Annotated, Final, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

Status = Literal["created", "paid", "cancelled", "refunded", "part_refunded"]
Fen = Annotated[int, Meta(ge=0, le=10**12)]
Text = Annotated[str, Meta(max_length=200)]
LINES_MAX: Final = 1_000
MILLI: Final = 1_000
T = TypeVar("T")


class OrderLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: what was sold, at which price of the list and for how much in the end."""

    sku: Text
    name: Text = ""
    qty_milli: Annotated[int, Meta(ge=0, le=10**12)] = MILLI
    list_fen: Fen = 0
    net_fen: Fen = 0
    promoted: bool = False


class Refund(msgspec.Struct, frozen=True, omit_defaults=True):
    """Money that went back, once, under the number the channel gives it."""

    number: Text
    fen: Fen


class Buyer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who bought, as keyed hashes in hex; `member` where the channel says our own number."""

    account: str = ""
    phone: str = ""
    address: str = ""
    payer: str = ""
    device: str = ""
    member: str = ""


class OrderWord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is said of an order at one version; None leaves what was said before.

    `whole` lines stand for all; those of several parts of one version are added up.
    """

    channel: str
    order_no: Annotated[str, Meta(min_length=1, max_length=100)]
    version: Annotated[int, Meta(ge=0, le=2**62)]
    part: Annotated[int, Meta(ge=0)] = 0
    status: Status | None = None
    ordered_ms: Annotated[int, Meta(ge=0, le=2**48)] | None = None
    list_fen: Fen | None = None
    net_fen: Fen | None = None
    refunded_fen: Fen | None = None
    refund: Refund | None = None
    points_used: Fen | None = None
    coupons: Annotated[int, Meta(ge=0, le=1_000)] | None = None
    store: Text | None = None
    buyer: Buyer | None = None
    lines: Annotated[tuple[OrderLine, ...], Meta(max_length=LINES_MAX)] | None = None

    @property
    def order_id(self) -> UUID:
        """The order's own id, by channel and number."""
        return order_id_of(self.channel, self.order_no)


class Said(msgspec.Struct, frozen=True):
    """A word and who said it: a connector or a file."""

    origin: UUID
    word: OrderWord


class Order(msgspec.Struct, frozen=True):
    """An order as it stands by everything that was said of it; money in fen."""

    order_id: UUID
    channel: str
    order_no: str
    version: int
    status: Status
    ordered_ms: int
    list_fen: int
    net_fen: int
    refunded_fen: int
    points_used: int
    coupons: int
    store: str
    buyer: Buyer
    lines: tuple[OrderLine, ...]

    @property
    def qty_milli(self) -> int:
        """How many pieces, in thousandths."""
        return sum(line.qty_milli for line in self.lines)


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(OrderWord)


def order_id_of(channel: str, order_no: str) -> UUID:
    """Return the id of an order; the same wherever and whenever it is told."""
    return UUID(bytes=sha256(f"{channel}\n{order_no}".encode()).digest()[:16])


def encode_word(word: OrderWord) -> str:
    """Return a word as JSON; the same word is the same text."""
    return _encoder.encode(word).decode()


def decode_word(text: str | bytes) -> OrderWord:
    """Read a word that was kept."""
    return _decoder.decode(text)


def digest_of(word: OrderWord) -> bytes:
    """Return by what a word is known to be the same (16 bytes)."""
    return sha256(_encoder.encode(word)).digest()[:16]


def fold(words: Iterable[Said]) -> Order | None:
    """Return the order by all of its words; None while nobody said when it was ordered."""
    said = sorted(words, key=lambda one: (one.word.version, one.origin, one.word.part))
    if not said:
        return None
    all_words = [one.word for one in said]
    ordered_ms = _newest(word.ordered_ms for word in all_words)
    if ordered_ms is None:
        return None
    lines = _lines(said)
    list_fen, net_fen = (
        _newest(word.list_fen for word in all_words),
        _newest(word.net_fen for word in all_words),
    )
    net = sum(line.net_fen for line in lines) if net_fen is None else net_fen
    shelf = sum(line.list_fen for line in lines) if list_fen is None else list_fen
    refunded = _refunded(all_words)
    newest = all_words[-1]
    return Order(
        order_id=newest.order_id,
        channel=newest.channel,
        order_no=newest.order_no,
        version=newest.version,
        status=_status(_newest(word.status for word in all_words) or "paid", net, refunded),
        ordered_ms=ordered_ms,
        list_fen=max(shelf, net),
        net_fen=net,
        refunded_fen=refunded,
        points_used=_newest(word.points_used for word in all_words) or 0,
        coupons=_newest(word.coupons for word in all_words) or 0,
        store=_newest(word.store for word in all_words) or "",
        buyer=_buyer(all_words),
        lines=lines,
    )


def _newest(said: Iterable[T | None]) -> T | None:
    """Return the last of what was said."""
    return next((one for one in reversed(list(said)) if one is not None), None)


def _lines(said: Sequence[Said]) -> tuple[OrderLine, ...]:
    """Return the lines of the newest version that has any; two files that say it count once."""
    telling = [one for one in said if one.word.lines is not None]
    if not telling:
        return ()
    newest = telling[-1]
    parts = [
        one.word.lines or ()
        for one in telling
        if (one.word.version, one.origin) == (newest.word.version, newest.origin)
    ]
    return tuple(line for part in parts for line in part)


def _refunded(words: Sequence[OrderWord]) -> int:
    """Return what went back: what the newest word says in all, or all refunds by their numbers."""
    by_number = {word.refund.number: word.refund.fen for word in words if word.refund is not None}
    whole = [word.refunded_fen for word in words if word.refunded_fen is not None]
    return max(sum(by_number.values()), whole[-1] if whole else 0)


def _status(told: Status, net: int, refunded: int) -> Status:
    """Let money that went back speak; an order that was cancelled stays so."""
    if told == "cancelled" or not refunded:
        return told
    return "refunded" if refunded >= net else "part_refunded"


def _buyer(words: Sequence[OrderWord]) -> Buyer:
    found = {
        name: next(
            (
                getattr(word.buyer, name)
                for word in reversed(words)
                if word.buyer is not None and getattr(word.buyer, name)
            ),
            "",
        )
        for name in Buyer.__struct_fields__
    }
    return Buyer(**found)

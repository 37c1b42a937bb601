"""A priced basket: what is charged, which offer took off how much, and which offers lost why."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec

CERTIFICATE_VERSION = 1


class Reason(StrEnum):
    """Why an offer that names an article of the basket took nothing off."""

    BEATEN = "beaten"
    NO_SAVING = "no_saving"
    NOT_ELIGIBLE_TIER = "not_eligible_tier"
    NOT_ELIGIBLE_TAG = "not_eligible_tag"
    OUTSIDE_SLOT = "outside_slot"
    TOO_FEW_UNITS = "too_few_units"


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line as charged: net_fen + the fen of all its offers = shelf_fen."""

    line: int
    sku: str
    name: str
    qty_milli: int
    shelf_fen: int
    net_fen: int
    offers: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AppliedOffer:
    """An offer that lowered the total, and the lines whose units it took."""

    offer_id: str
    name: str
    fen_off: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RejectedOffer:
    """An offer that names an article of the basket and still took nothing off."""

    offer_id: str
    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class PricedBasket:
    """The result of a pricing; `gap_fen` bounds what a longer search could still save."""

    lines: tuple[PricedLine, ...]
    shelf_fen: int
    total_fen: int
    saved_fen: int
    status: Literal["optimal", "incumbent"]
    gap_fen: int
    applied: tuple[AppliedOffer, ...]
    rejected: tuple[RejectedOffer, ...]
    bundle_version: int
    nodes: int


def certificate_hash(priced: PricedBasket) -> bytes:
    """Return the SHA-256 over what was charged and why; the search's effort is left out."""
    facts = (
        CERTIFICATE_VERSION,
        sorted(priced.lines, key=lambda line: line.line),
        priced.shelf_fen,
        priced.total_fen,
        priced.status,
        priced.gap_fen,
        priced.applied,
        priced.rejected,
        priced.bundle_version,
    )
    return hashlib.sha256(msgspec.msgpack.encode(facts)).digest()

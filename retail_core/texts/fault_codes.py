"""Fault codes and the shape of what is said about each.

A code never changes its meaning; a retired code is not used again.
Blocks: A api, C catalogue, D disk, I installation, L ledger, M models, P pricing and sales,
R recognition (1xx face, 2xx QR, 3xx NFC, 4xx camera), S sync, T till taps, W wire.
"""

from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import Literal

Category = Literal["input", "auth", "device", "storage", "network", "setup", "conflict", "internal"]


@unique
class FaultCode(StrEnum):
    """Stable numbers for logs, support calls and till developers."""

    API_TOKEN_MISSING = "A101"
    API_TOKEN_WRONG = "A102"
    API_ORIGIN_REFUSED = "A103"
    API_HOST_REFUSED = "A104"
    API_IDEMPOTENCY_KEY_MISSING = "A105"
    API_IDEMPOTENCY_KEY_REUSED = "A106"
    API_BODY_INVALID = "A107"
    API_NOT_FOUND = "A108"
    API_OPERATOR_LOCKED = "A109"
    API_OPERATOR_PIN_WRONG = "A110"
    API_SCOPE_MISSING = "A111"
    API_RATE_LIMITED = "A112"
    API_BODY_TOO_LARGE = "A113"
    API_METHOD_NOT_ALLOWED = "A114"
    API_MEDIA_TYPE = "A115"
    API_OPERATOR_NEEDED = "A116"
    API_LOGIN_WRONG = "A117"
    API_INTERNAL = "A199"
    CATALOGUE_HEADER = "C101"
    CATALOGUE_ROW = "C102"
    CATALOGUE_EMPTY = "C103"
    DISK_JOURNAL_CORRUPT = "D101"
    DISK_FULL = "D102"
    DISK_DOCUMENT_CORRUPT = "D103"
    DISK_KEY_WRONG = "D104"
    SETUP_PACKAGE_MISSING = "I101"
    SETUP_PORT_IN_USE = "I102"
    SETUP_BROKER_REFUSED = "I103"
    SETUP_DATABASE_START = "I104"
    SETUP_CONFIG_INVALID = "I105"
    SETUP_DOWNLOAD = "I106"
    SETUP_ASSET_HASH = "I107"
    LEDGER_KEY_CONFLICT = "L101"
    LEDGER_OVERDRAWN = "L102"
    MODEL_HASH = "M101"
    MODEL_MISSING = "M102"
    MODEL_SHAPE = "M103"
    SALE_EMPTY = "P101"
    SALE_QUANTITY = "P102"
    SALE_AMOUNT_NEGATIVE = "P103"
    SALE_ARTICLE_UNKNOWN = "P104"
    SALE_TENDER_MISMATCH = "P105"
    SALE_MEMBER_UNKNOWN = "P106"
    OFFER_INVALID = "P107"
    SALE_LINES = "P108"
    SALE_AMOUNT_TOO_LARGE = "P109"
    BUNDLE_MISSING = "P110"
    FACE_NONE = "R101"
    FACE_SEVERAL = "R102"
    FACE_SMALL = "R103"
    FACE_BLURRED = "R104"
    FACE_EXPOSURE = "R105"
    FACE_POSE = "R106"
    FACE_SPOOF_SUSPECTED = "R107"
    FACE_CONSENT_MISSING = "R108"
    FACE_IMAGE_BROKEN = "R109"
    FACE_DISABLED = "R110"
    FACE_TEMPLATE_MODEL = "R111"
    FACE_LOOKALIKE = "R112"
    QR_FOREIGN = "R201"
    QR_EXPIRED = "R202"
    QR_REPLAYED = "R203"
    QR_SIGNATURE = "R204"
    QR_KEY_UNKNOWN = "R205"
    QR_CLOCK_UNKNOWN = "R206"
    NFC_CARD_UNKNOWN = "R301"
    NFC_READER_GONE = "R302"
    NFC_CARD_FOREIGN = "R303"
    NFC_MAC = "R304"
    NFC_COUNTER_REPLAYED = "R305"
    NFC_CARD_REMOVED = "R306"
    NFC_CARD_TAKEN = "R307"
    NFC_NO_TAP = "R308"
    CAMERA_OPEN = "R401"
    CAMERA_STALLED = "R402"
    SYNC_GAP = "S101"
    SYNC_LINK_DOWN = "S102"
    SYNC_EVENT_REJECTED = "S103"
    SYNC_RECEIPT_TWICE = "S104"
    SYNC_PERSON_TWICE = "S105"
    TILL_PORT_OPEN = "T101"
    TILL_STREAM_TRUNCATED = "T102"
    TILL_RECEIPT_UNREADABLE = "T103"
    TILL_RECEIPT_RASTER = "T104"
    TILL_TOTAL_MISMATCH = "T105"
    TILL_PROFILE_INVALID = "T106"
    TILL_TAP_GONE = "T107"
    TILL_RECEIPT_REUSED = "T108"
    WIRE_MALFORMED = "W101"
    WIRE_VERSION = "W102"
    WIRE_TOO_LARGE = "W103"
    WIRE_SENDER_MISMATCH = "W104"
    WIRE_CHAIN_BROKEN = "W105"


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One entry of the catalogue; `retryable`: the same request may succeed later."""

    category: Category
    http_status: int
    zh: str
    en: str
    retryable: bool = field(default=False, kw_only=True)

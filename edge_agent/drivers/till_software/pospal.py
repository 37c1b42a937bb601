"""Pospal's open interface: requests signed, answers read; no I/O.

A request is JSON; the header `data-signature` is the MD5 of the key followed by the body, in
capitals. MD5 is what the interface asks for, the line must be HTTPS. Numbers are decimal: they are
read as `Decimal`, never as floating point.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from edge_agent.domain.point_push import Reading
from retail_core.errors import Fault
from retail_core.limits import AMOUNT_FEN_MAX
from retail_core.texts.faults import FaultCode

BASE = "/pospal-api2/openapi/v1/"
BY_PHONE = "customerOpenApi/queryBytel"
BY_UID = "customerOpenApi/queryByUid"
ADD = "customerOpenApi/updateBalancePointByIncrement"
_MILLI = 1_000
_SUCCESS = "success"
_CODES_MAX = 20


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it goes out."""

    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PospalKeys:
    """What the shop's back office gave; the key signs and never travels."""

    app_id: str
    app_key: str = field(repr=False)


def signature(app_key: str, body: bytes) -> str:
    """Return what proves that a body is ours."""
    digest = hashlib.md5(app_key.encode() + body, usedforsecurity=False)
    return digest.hexdigest().upper()


def signed(keys: PospalKeys, what: str, content: Mapping[str, object], at_ms: int) -> Request:
    """Return a signed call."""
    said = {"appId": keys.app_id, **content}
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "User-Agent": "openApi",
        "Content-Type": "application/json; charset=utf-8",
        "accept-encoding": "identity",
        "time-stamp": str(at_ms),
        "data-signature": signature(keys.app_key, body),
    }
    return Request(BASE + what, headers, body)


def asked_by_phone(keys: PospalKeys, phone: str, at_ms: int) -> Request:
    """Ask which customers have a phone number."""
    return signed(keys, BY_PHONE, {"customerTel": phone}, at_ms)


def asked_by_uid(keys: PospalKeys, customer: str, at_ms: int) -> Request:
    """Ask what a customer has."""
    return signed(keys, BY_UID, {"customerUid": int(customer)}, at_ms)


def asked_to_add(keys: PospalKeys, customer: str, points: int, at_ms: int, zone: tzinfo) -> Request:
    """Ask for points to be added; the time is the shop's, to the second."""
    changed = datetime.fromtimestamp(at_ms // _MILLI, UTC).astimezone(zone)
    content = {
        "customerUid": int(customer),
        "balanceIncrement": 0,
        "pointIncrement": points,
        "dataChangeTime": f"{changed:%Y-%m-%d %H:%M:%S}",
    }
    return signed(keys, ADD, content, at_ms)


def found_customer(answer: bytes) -> str | None:
    """Return the one customer of an answer; None for nobody, and for more than one."""
    data = _data(answer)
    found = data if isinstance(data, list) else [data]
    uids = [one.get("customerUid") for one in found if isinstance(one, dict)]
    known = [str(uid) for uid in uids if isinstance(uid, int) and not isinstance(uid, bool)]
    return known[0] if len(known) == 1 else None


def reading_of(answer: bytes) -> Reading:
    """Return what a customer has; Faults SOFTWARE_REFUSED and SOFTWARE_OUTCOME_UNKNOWN."""
    data = _data(answer)
    if not isinstance(data, dict):
        raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN)
    extra = data.get("extInfo")
    total = extra.get("totalPoint") if isinstance(extra, dict) else None
    return Reading(_milli(data.get("point")), None if total is None else _milli(total))


def confirm_added(answer: bytes, customer: str, points: int) -> None:
    """Accept only an answer that says these points were added to this customer.

    Raises the Faults of `reading_of`: whatever else it says, the customer is read again.
    """
    data = _data(answer)
    if not isinstance(data, dict):
        raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN)
    before, after = _milli(data.get("pointBeforeUpdate")), _milli(data.get("pointAfterUpdate"))
    same = str(data.get("customerUid")) == customer and after - before == points * _MILLI
    if not same or _milli(data.get("pointIncrement")) != points * _MILLI:
        raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN)


def _data(answer: bytes) -> object:
    try:
        said = json.loads(answer, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN) from None
    if not isinstance(said, dict):
        raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN)
    if str(said.get("status")).lower() != _SUCCESS:
        # Its messages may quote a customer; the number of the error does not.
        raise Fault(FaultCode.SOFTWARE_REFUSED, detail=str(said.get("errorCode"))[:_CODES_MAX])
    return said.get("data")


def _milli(value: object) -> int:
    """Read a decimal number as thousandths; Fault SOFTWARE_OUTCOME_UNKNOWN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN)
    try:
        milli = Decimal(value) * _MILLI
        # Compared before it is made whole: 1E999990 has a million digits, and that takes minutes.
        whole = int(milli) if abs(milli) <= AMOUNT_FEN_MAX * _MILLI else None
    except (ArithmeticError, ValueError):
        raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN) from None
    if whole is None or milli != whole:
        raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN)
    return whole

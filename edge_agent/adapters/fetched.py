"""Receipts as the cloud's device API writes them: JSON around the bodies of the wire."""

import base64
from uuid import UUID

from edge_agent.ports.cloud_link import FetchedReceipt, FetchedRefund
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale
from retail_core.wire.refund import Refund


def fetched_receipt(found: object) -> FetchedReceipt:
    """Read one receipt; Fault WIRE_MALFORMED for anything else."""
    try:
        if not isinstance(found, dict):
            raise TypeError("not an object")  # noqa: TRY301 -- one refusal for every bad shape
        sale = decode_body(EventType.SALE, _bytes(found["sale"]))
        if not isinstance(sale, Sale):
            raise TypeError("no sale")  # noqa: TRY301 -- as above
        return FetchedReceipt(
            store=UUID(found["store"]),
            store_name=str(found["store_name"]),
            till=_id(found["till"]),
            operator=_id(found["operator"]),
            member=_id(found["member"]),
            wall_ms=int(found["wall_ms"]),
            sale=sale,
            refunds=tuple(_refund(one) for one in found["refunds"]),
        )
    except (KeyError, TypeError, ValueError):
        raise Fault(FaultCode.WIRE_MALFORMED) from None


def _refund(found: dict[str, object]) -> FetchedRefund:
    body = decode_body(EventType.REFUND, _bytes(found["body"]))
    if not isinstance(body, Refund):
        raise TypeError("no refund")
    wall_ms = found["wall_ms"]
    if not isinstance(wall_ms, int):
        raise TypeError("no time")
    return FetchedRefund(wall_ms, str(found["store_name"]), _id(found["operator"]), body)


def _bytes(text: object) -> bytes:
    return base64.b64decode(str(text), validate=True)


def _id(text: object) -> UUID | None:
    return None if text is None else UUID(str(text))

"""Receipts: boxes look them up, a member claims one that nobody was booked to."""

from base64 import b64encode
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Box, Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.api.member_routes import PhoneDoor
from cloud_broker.ports.receipts import FoundReceipt
from cloud_broker.services.members.phones import PhoneHolder


class RefundFound(BaseModel):
    """A refund, in the box's own words: `body` is the base64 of its msgpack."""

    wall_ms: int
    store_name: str
    operator: UUID | None
    body: str


class ReceiptFound(BaseModel):
    """A receipt with every refund of it; `sale` is the base64 of its msgpack."""

    store: UUID
    store_name: str
    till: UUID | None
    operator: UUID | None
    member: UUID | None
    wall_ms: int
    sale: str
    refunds: tuple[RefundFound, ...]


class ReceiptClaimAsked(BaseModel, extra="forbid"):
    """What stands on a receipt: the code, or the whole link."""

    token: str = Field(min_length=1, max_length=300, repr=False)


class ReceiptClaimAnswered(BaseModel):
    """What the claim brought; `pending` points are free a little later."""

    points: int
    pending: bool
    store_name: str
    sold_ms: int
    total_fen: int


class BillLineAnswered(BaseModel):
    """A line as charged; `back_milli` of it has come back since."""

    name: str
    qty_milli: int
    shelf_fen: int
    net_fen: int
    back_milli: int


class BillAnswered(BaseModel):
    """A receipt as its buyer sees it."""

    store_name: str
    till_receipt_no: str
    sold_ms: int
    shelf_fen: int
    total_fen: int
    lines: tuple[BillLineAnswered, ...]
    tenders: tuple[tuple[str, int], ...]


def router(doors: Doors) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    _of_boxes(routes, doors)
    _of_members(routes, doors)
    return routes


def _of_boxes(routes: APIRouter, doors: Doors) -> None:
    look_up = doors.deps.receipts
    FromBox = Annotated[Box, Depends(doors.box)]  # noqa: N806 - an alias is a type
    refusals: dict[int | str, dict[str, object]] = {
        status: {"model": ErrorBody} for status in (401, 404, 429)
    }

    @routes.get("/v1/device/receipts/{receipt_id}", tags=["device"], responses=refusals)
    def find_receipt(box: FromBox, receipt_id: UUID) -> ReceiptFound:
        """Find a receipt of any shop of the chain."""
        doors.lookups.admit(str(box.place.device))
        return _found(look_up.find(box.tenant, receipt_id))

    @routes.get("/v1/device/receipts", tags=["device"], responses=refusals)
    def find_receipts(
        box: FromBox,
        number: Annotated[str, Query(min_length=1, max_length=64)],
        day: Annotated[int, Query(ge=19_000_101, le=99_991_231)],
    ) -> list[ReceiptFound]:
        """Find a business day's receipts by their printed number."""
        doors.lookups.admit(str(box.place.device))
        return [_found(one) for one in look_up.by_number(box.tenant, number, day)]


def _of_members(routes: APIRouter, doors: Doors) -> None:
    claims, bills = doors.deps.receipt_claims, doors.deps.receipt_bills
    FromPhone = Annotated[PhoneHolder, Depends(PhoneDoor(doors))]  # noqa: N806 - an alias

    @routes.post(
        "/v1/member/receipts/claim",
        tags=["member"],
        responses={status: {"model": ErrorBody} for status in (401, 403, 409, 422, 429)},
    )
    def claim_receipt(asked: ReceiptClaimAsked, who: FromPhone) -> ReceiptClaimAnswered:
        """Book a receipt to the member who holds its code; once, and in time."""
        done = claims.claim(who, asked.token)
        return ReceiptClaimAnswered(
            points=done.points,
            pending=done.pending,
            store_name=done.store_name,
            sold_ms=done.sold_ms,
            total_fen=done.total_fen,
        )

    @routes.post(
        "/v1/member/receipts/bill",
        tags=["member"],
        responses={status: {"model": ErrorBody} for status in (401, 403, 404, 409, 422, 429)},
    )
    def show_bill(asked: ReceiptClaimAsked, who: FromPhone) -> BillAnswered:
        """Show a member's own receipt by the code printed behind it."""
        return BillAnswered(**asdict(bills.show(who, asked.token)))


def _found(found: FoundReceipt) -> ReceiptFound:
    return ReceiptFound(
        store=found.store,
        store_name=found.store_name,
        till=found.till,
        operator=found.operator,
        member=found.member,
        wall_ms=found.wall_ms,
        sale=b64encode(found.body).decode(),
        refunds=tuple(
            RefundFound(
                wall_ms=one.wall_ms,
                store_name=one.store_name,
                operator=one.operator,
                body=b64encode(one.body).decode(),
            )
            for one in found.refunds
        ),
    )

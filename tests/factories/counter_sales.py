"""A box at whose counter something can be redeemed: rules with points, coupons and caps, leases."""

from itertools import count
from typing import Any
from uuid import UUID

import msgspec
from starlette.testclient import TestClient

from edge_agent.domain.lanes import Place
from retail_core.identity.assurance import Factor, Standing
from retail_core.loyalty.campaigns import budget_right
from retail_core.loyalty.leases import Right, RightKind
from retail_core.wire.codec import decode_body, encode_body
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.lease import LeaseEpoch, LeaseGrant
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Change, Sale
from retail_core.wire.standing import CouponHeld
from tests.factories.agent_api import MEMBER, TILL, Box, member_record

RULES = """{
  "version": 4,
  "tier_names": {"standard": "普卡", "gold": "金卡"},
  "offers": [
    {"kind": "tier_price", "id": "gold95", "name": "金卡 95 折", "tiers": ["gold"],
     "permille": 950},
    {"kind": "mix_and_match", "id": "mask3", "name": "面膜三件免一件", "need": 3, "free": 1,
     "items": {"skus": ["mask"]}},
    {"kind": "tier_price", "id": "sun1", "name": "防晒霜会员价一支", "tiers": ["gold"],
     "price_fen": 5000, "items": {"skus": ["sun"]}, "caps": {"per_member_day": 1}},
    {"kind": "time_slot_price", "id": "noon", "name": "午间半价", "permille": 500,
     "items": {"skus": ["mask"]}, "slots": [SLOTS]}
  ],
  "coupons": [
    {"kind": "threshold", "id": "ten", "name": "满百减十", "name_en": "Ten off a hundred",
     "threshold_fen": 10000, "fen_off": 1000},
    {"kind": "threshold", "id": "door", "name": "开门红包", "threshold_fen": 30000,
     "fen_off": 2000, "automatic": true, "campaign": "opening"}
  ],
  "campaigns": [{"id": "opening", "budget_fen": 4000}],
  "points": {"id": "points", "fen_per_point": 1, "step": 100, "max_permille": 500},
  "earn": {"id": "base", "fen_per_point": 100}
}""".replace(
    "SLOTS",
    ", ".join(f'{{"weekday": {day}, "start": "08:00", "end": "12:00"}}' for day in range(7)),
)
COUPON = UUID(int=0xC0)
SURE, BY_FACE = Standing(Factor.MEMBER_CODE), Standing(Factor.FACE_VOTE)
WALLET = UUID(int=0xBB)
POINTS = Right(RightKind.POINTS, WALLET)
keys = count(1)


def redeemer(**changes: Any) -> MemberRecord:
    """Return the record of a member with points and a coupon."""
    coupon = CouponHeld(COUPON.bytes, "ten", 20200101, 20991231)
    return member_record(coupons=(coupon,), **changes)


class Redeeming:
    """A box whose cloud has let it in and lends to it."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.leases = box.agent.services.leases
        self._nth = count(1)
        box.storage.replica.replace_bundle(4, RULES.encode())
        box.storage.replica.put_member(MEMBER, 5, redeemer())

    def let_in(self) -> None:
        """Say that this boot may spend."""
        boot = self.box.agent.basis.clock.now().boot_id
        self.hears(ChangeKind.LEASE_EPOCH, LeaseEpoch(self.device, 1, boot.bytes))

    def lend(self, right: Right, amount: int) -> None:
        """Lend a part of a right."""
        grant = LeaseGrant(self.device, right.kind, right.id.bytes, 1, next(self._nth), amount)
        self.hears(ChangeKind.LEASE_GRANTED, grant)

    def lend_all(self, points: int = 2_000) -> None:
        """Let the box in with points, the coupon and a budget."""
        self.let_in()
        self.lend(POINTS, points)
        self.lend(Right(RightKind.COUPON, COUPON), 1)
        self.lend(budget_right(self.box.agent.basis.shop.tenant, "opening", "fen"), 4_000)

    def known(self, standing: Standing = SURE) -> None:
        """Let the member be recognised at the till."""
        self.box.visits.begun(Place(self.lane, TILL), MEMBER, standing)

    @property
    def lane(self) -> str:
        return self.box.visits.at(TILL).lane

    @property
    def device(self) -> bytes:
        return self.box.agent.basis.shop.device.bytes

    def sold(self) -> Sale:
        """Return the last sale in the journal."""
        sales = self.box.storage.journal.records(type_="sale")
        sale = decode_body("sale", sales[-1].draft.body)
        assert isinstance(sale, Sale)
        return sale

    def hears(self, kind: ChangeKind, body: msgspec.Struct) -> None:
        """Let the box's leases hear of a change."""
        self.leases.apply([Change(1, kind, bytes(16), 1, msgspec.Raw(encode_body(body)))])


class TillCalls:
    """A client that gives every write a key of its own."""

    def __init__(self, client: TestClient, query: str = "") -> None:
        self.client = client
        self.query = query
        self.status = 0

    def post(self, path: str, body: object = None, key: str = "") -> dict[str, Any]:
        return self.send("POST", path, body, key)

    def put(self, path: str, body: object, key: str = "") -> dict[str, Any]:
        return self.send("PUT", path, body, key)

    def delete(self, path: str) -> dict[str, Any]:
        return self.send("DELETE", path, None)

    def get(self, path: str) -> dict[str, Any]:
        return self._said(self.client.get(path + self.query))

    def send(self, method: str, path: str, body: object, key: str = "") -> dict[str, Any]:
        headers = {"Idempotency-Key": key or f"test-key-{next(keys)}"}
        return self._said(
            self.client.request(method, path + self.query, json=body or {}, headers=headers)
        )

    def opened(self, *skus: str, **asked: Any) -> str:
        """Open a basket with these articles; return its address."""
        path = f"/v1/baskets/{self.post('/v1/baskets', asked)['basket_id']}"
        if skus:
            self.post(f"{path}/lines", {"lines": [{"sku": sku} for sku in skus]})
        return path

    def paid(self, path: str, fen: int, key: str = "") -> dict[str, Any]:
        """Commit a basket paid in cash."""
        tenders = [{"kind": "cash", "amount_fen": fen}] if fen else []
        return self.post(f"{path}/commit", {"tenders": tenders}, key)

    def _said(self, answer: Any) -> dict[str, Any]:
        self.status = answer.status_code
        said: dict[str, Any] = answer.json()
        return said

"""A cloud over a store in memory, and phones that sign what they ask."""

import hmac
import json
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.testclient import TestClient

from cloud_broker.api.app import build_app
from cloud_broker.domain.phone_request import Asked, signed_bytes
from cloud_broker.ports.fleet import DeviceState, NewTill
from cloud_broker.services.access.overview import ConsentRow, MemberPage
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.goods.back_office import back_office
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.members.checkins import CheckIns, LaneCaller
from retail_core.identity.member_code import key_id_of, mint
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_member
from tests.factories.cloud_api import api_deps
from tests.fakes.cloud_basics import (
    FakeCloudClock,
    FakeCloudIdSource,
    FakeKeyRing,
)
from tests.fakes.cloud_box import Person, fresh_id
from tests.fakes.cloud_hq import EmptyQueries, NotingDesk
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant

MS = 1_000
TTL_S = 60


class OneMember(EmptyQueries):
    """HQ's view of whoever is asked for."""

    def member(self, tenant: UUID, member_id: UUID) -> MemberPage | None:
        consents = tuple(
            ConsentRow(kind, given, "1", "zh", "till", wall_ms, "上海徐汇店")
            for kind, given, wall_ms in (
                ("face.local", False, 3),
                ("face.local", True, 2),
                ("membership", True, 1),
            )
        )
        return MemberPage(
            member_id=member_id,
            wallet_id=fresh_id(),
            ver=1,
            name="李敏",
            tier="gold",
            tags=(),
            phone_masked="138****8000",
            home_store_name="上海徐汇店",
            enrolled_ms=0,
            points_free=59,
            points_pending=3,
            points_qualifying=0,
            points_owed=7,
            phones=1,
            cards=0,
            held_by=(),
            possible_duplicates=(),
            consents=consents,
            sales=(),
            postings=(),
        )


@dataclass(frozen=True)
class HashedPerson(Person):
    """A person whose phone is given as its keyed hash in hexadecimal."""

    @property
    def phone_hash(self) -> bytes:
        return bytes.fromhex(self.phone)


@dataclass
class Cloud:
    """The site over a store in memory, one shop with one lane."""

    units: FakeUnits = field(default_factory=FakeUnits)
    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    tally: FaultTally = field(default_factory=FaultTally)

    def __post_init__(self) -> None:
        ids = FakeCloudIdSource(self.clock)
        self.box = new_box(self.units, new_tenant(self.units, "demo"))
        self.box.wall_ms = self.clock.now_ms()
        self.lane = self.box.till
        with self.units.begin(self.box.tenant) as unit:
            unit.fleet.add_till(NewTill(self.lane, self.box.store, "1号收银台", "api"), 0)
        self.checkins = CheckIns(self.units, self.clock, ids)
        self.caller = LaneCaller(self.units, self.clock, self.tally)
        self.office = back_office(self.units, self.clock, ids, FakeKeyRing())
        desk = NotingDesk(fresh_id())
        self.deps = api_deps(self.units, self.clock, self.tally, OneMember(), desk, self.office)
        self.client = TestClient(build_app(self.deps), base_url="http://cloud.test")

    def book(self) -> None:
        """Take in what the box has journalled."""
        ingest = Ingest(self.units, self.clock, self.tally)
        ingest.book([Inbound(self.box.topic(), self.box.frame(), self.clock.now_ms())])

    def enrolled_with(self, phone: str, keys: FakeKeyRing) -> UUID:
        """Enrol the owner of a number, hashed as boxes do."""
        hashed = hmac.digest(keys.keys(self.box.tenant).phone_hash_key, phone.encode(), "sha256")
        person = HashedPerson(phone=hashed.hex())
        self.box.enrols(person)
        self.book()
        return person.member

    def enrolled(self) -> Person:
        """Enrol somebody with two consents."""
        made = Person()
        # A number of her own: two members with one number are one person.
        person = replace(made, phone=f"86{made.member.int % 10**11:011d}")
        self.box.enrols(person)
        for kind in ("membership", "face.local"):
            self.box.consents(person, kind)
        self.book()
        return person

    def alive(self, state: str = "ok") -> None:
        """Let the shop's box have said how it is."""
        said = DeviceState(
            self.box.device, self.box.store, state, self.box.boot, 0, "1", 7, 0, 0,
            can_sell=True, devices={}, faults={}, seen_ms=self.clock.now_ms(),
        )  # fmt: skip
        with self.units.begin(self.box.tenant) as unit:
            unit.fleet.save_states([said])

    def record_keys(self) -> list[bytes]:
        """Return the keys in the newest record that the shop was sent."""
        rows = self.units.states[self.box.tenant].feeds[self.box.store]
        return [key.key_id for key in decode_member(rows[-1].change.body).phone_keys]


@dataclass
class Phone:
    """A phone that signs."""

    cloud: Cloud
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    nonces: int = 0
    claimed: dict[str, Any] = field(default_factory=dict)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def claim(self, code: str) -> httpx2.Response:
        """Claim a member's place."""
        body = {"claim_code": code, "public_key": self.public.hex()}
        answer = self.cloud.client.post("/v1/member/claim", json=body)
        self.claimed = answer.json()
        return answer

    def header(self, method: str, path: str, content: bytes = b"", nonce: int = 0) -> str:
        """Sign a request."""
        self.nonces += 1
        raw = (nonce or self.nonces).to_bytes(16, "big")
        now_ms = self.cloud.clock.now_ms()
        signature = self.key.sign(signed_bytes(Asked(method, path, content), now_ms, raw))
        parts = (
            self.cloud.box.tenant, key_id_of(self.public).hex(), now_ms, raw.hex(), signature.hex()
        )  # fmt: skip
        return "Phone " + ".".join(map(str, parts))

    def ask(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """Send a signed request."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": self.header(method, path, content)}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.cloud.client.request(method, path, content=content, headers=headers)

    def code(self) -> str:
        """Return the code it shows."""
        now_s = self.cloud.clock.now_ms() // MS
        private = self.key.private_bytes_raw()
        return mint(private, key_id_of(self.public), now_s, TTL_S, b"nonce-01")

    def checks_in(self, **changes: object) -> httpx2.Response:
        """Check in at the shop's lane."""
        place = {"store": str(self.cloud.box.store), "lane": str(self.cloud.lane)}
        return self.ask("POST", "/v1/member/checkins", place | {"code": self.code()} | changes)

"""The local API as `bootstrap` builds it, over real files, without devices and without a cloud."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID
from zlib import crc32

from fastapi import FastAPI
from starlette.testclient import TestClient

from edge_agent.bootstrap.agent import Outside, build_agent
from edge_agent.bootstrap.devices import Devices
from edge_agent.settings import load_settings
from retail_core.catalog.article import Article
from retail_core.identity.face_enablement import FaceEnablement, sign_enablement
from retail_core.wire.member import MemberRecord
from tests.factories.agent_files import (
    HQ_SEED,
    SCREEN_TOKEN,
    SECOND_TILL_TOKEN,
    THREE_TILLS,
    TILL_TOKEN,
    TWO_LANES,
    write_agent,
)
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.device_bus import FakeDeviceBus, FakeLineListener
from tests.fakes.person_line import FakePersonLine

BOOT = UUID("01890000-0000-7000-8000-00000000b007")
STORE = UUID("01890000-0000-7000-8000-000000000002")
TILL = UUID("01890000-0000-7000-8000-000000000005")
PRINTING_TILL = UUID("01890000-0000-7000-8000-000000000006")
SECOND_TILL = UUID("01890000-0000-7000-8000-000000000009")
MEMBER = UUID("01890000-0000-7000-8000-0000000000aa")
PHONE = "8613800138000"
CARD_UID = bytes.fromhex("04aabbccddeeff")
ORIGIN = "http://127.0.0.1:18431"

BUNDLE = """{
  "version": 3,
  "tier_names": {"standard": "普卡", "gold": "金卡"},
  "offers": [
    {"kind": "tier_price", "id": "gold95", "name": "金卡 95 折", "tiers": ["gold"],
     "permille": 950},
    {"kind": "mix_and_match", "id": "mask3", "name": "面膜三件免一件", "need": 3, "free": 1,
     "items": {"skus": ["mask"]}}
  ],
  "earn": {"id": "base", "fen_per_point": 100}
}"""


class Box:
    """An agent's inside with articles, offers and one member; opened again over the same folder."""

    def __init__(
        self,
        folder: Path,
        devices: Devices | None = None,
        *,
        two_lanes: bool = False,
        device: str | None = None,
        config: str | None = None,
    ) -> None:
        """Open a box; with a `device` file of its own it asks the cloud that the file names."""
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = FakeClock()
        self.directory = FakeCloudDirectory()
        self.directory.down = True
        self.persons = FakePersonLine()
        self.bus = FakeDeviceBus()
        files = {"device": THREE_TILLS, "config": TWO_LANES} if two_lanes else {}
        if device is not None:
            files = {"device": device}
        if config is not None:
            files |= {"config": config}
        self.settings = load_settings(write_agent(folder, **files))
        self.agent = build_agent(
            self.settings,
            "0.0-test",
            Outside(
                clock=self.clock,
                directory=self.directory if device is None else None,
                persons=self.persons if device is None else None,
                devices=devices,
                bus=self.bus,
                listener=FakeLineListener(lambda _path, _question: b"\x12"),
            ),
        )
        self.app = self.agent.app
        self.hub = self.agent.basis.hub
        self.storage = self.agent.storage
        self.visits = self.agent.surface.visits
        self.tills = (TILL, PRINTING_TILL)
        self._fill()
        if self.settings.device.identity.store == STORE:
            self.agent.services.faces.leave.take(face_leave())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.agent.stop()

    def client(self, token: str = "", **headers: str) -> TestClient:
        """Return a client that calls as the page on the box's own address would."""
        sent = {"Host": "127.0.0.1:18431"} | headers
        if token:
            sent["Authorization"] = f"Bearer {token}"
        return TestClient(self.app, base_url=ORIGIN, headers=sent)

    def till(self) -> TestClient:
        return self.client(TILL_TOKEN)

    def second_till(self) -> TestClient:
        return self.client(SECOND_TILL_TOKEN)

    def screen(self) -> TestClient:
        return self.client(SCREEN_TOKEN)

    def _fill(self) -> None:
        replica = self.storage.replica
        if replica.catalogue_version():
            return
        replica.replace_catalogue(1, ARTICLES)
        replica.replace_bundle(3, BUNDLE.encode())
        members = self.agent.services.members
        cards = (members.card_hash(CARD_UID),)
        known = member_record(phone_hash=members.phone_hash(PHONE), cards=cards)
        replica.put_member(MEMBER, 4, known)


def face_leave(version: int = 1, *, enabled: bool = True, walk_up: bool = False) -> bytes:
    """HQ's signed word on faces in the shop of these files."""
    said = FaceEnablement(
        tenant="01890000-0000-7000-8000-000000000001",
        store="01890000-0000-7000-8000-000000000002",
        version=version,
        enabled=enabled,
        walk_up=walk_up,
        assessment="PIA-2026-07",
        signage="door and counter",
        approved_by="法务 周律师",
        approved_on="2026-07-01",
    )
    return sign_enablement(said, HQ_SEED)


def member_record(**changes: Any) -> MemberRecord:
    """Return the record of 李敏, a gold member."""
    facts: dict[str, Any] = {
        "wallet": UUID(int=0xBB).bytes,
        "name": "李敏",
        "tier": "gold",
        "tags": ("敏感肌", "国货爱好者"),
        "points_free": 2340,
        "points_pending": 0,
        "phone_masked": "138****8000",
        "phone_hash": None,
        "phone_keys": (),
        "cards": (),
        "home_store": UUID("01890000-0000-7000-8000-000000000002").bytes,
    }
    return MemberRecord(**(facts | changes))


ARTICLES = (
    Article(UUID(int=1), "milk", "玉泽修护乳 50ml", "瓶", 12_800, ("6901234567892",)),
    Article(UUID(int=2), "mask", "薇诺娜面膜", "片", 8_900, ("6901234567908",)),
    Article(UUID(int=3), "sun", "防晒霜 SPF50+", "支", 9_900),
)


def sale(total_fen: int, **changes: Any) -> Mapping[str, Any]:
    """Return the body of a sale of one bottle of milk, under a number of the running test's own.

    Boxes are shared by tests, and a sale that is told twice is not booked twice.
    """
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" (")[0]
    body = {
        "till_receipt_no": f"R-{crc32(test.encode()):08x}",
        "lines": [{"sku": "milk"}],
        "tenders": [{"kind": "cash", "amount_fen": total_fen}],
    }
    return body | changes


def api_routes(app: FastAPI) -> list[tuple[str, str]]:
    """Return (method, path) of every documented route, path parameters filled in."""
    return [
        (method.upper(), re.sub(r"\{[^}]+\}", str(MEMBER), path))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    ]

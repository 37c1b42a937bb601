"""A box with made-up goods and people, served as in a shop; the cloud's words are said to it."""

import http.client
import json
import threading
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import msgspec

from edge_agent.api.hub import WHOLE_SHOP
from edge_agent.api.server import Server, bind
from edge_agent.bootstrap.agent import Outside, build_agent
from edge_agent.domain.lanes import Place
from edge_agent.recognition.race import now_ms
from edge_agent.services.recognition.identify import Identification
from edge_agent.settings import load_settings
from retail_core.identity.assurance import Factor, assurance_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.lease import LeaseEpoch, LeaseGrant
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Change
from tests.factories.agent_files import CONFIG, DEVICE, OPERATOR_PIN, SCREEN_TOKEN, write_agent
from tests.factories.ports import free_port
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tools.screenshots import goods

LANE = "1"
TILL = UUID("01890000-0000-7000-8000-000000000005")
PRINTING_TILL = UUID("01890000-0000-7000-8000-000000000006")
WELL = dict.fromkeys(("camera", "face", "qr", "nfc", "till_tap", "cloud"), "ok")


class Shop:
    """The agent of one shop in this process, behind a port of its own."""

    def __init__(self, folder: Path, device: str = DEVICE) -> None:
        self.port = free_port()
        config = CONFIG.replace("api_port = 18431", f"api_port = {self.port}")
        self.clock = FakeClock()
        directory = FakeCloudDirectory()
        directory.down = True
        settings = load_settings(write_agent(folder, device=device, config=config))
        self.agent = build_agent(settings, "0", Outside(clock=self.clock, directory=directory))
        self._server = Server(self.agent.app, self.agent.release_waiters)
        self._serving = threading.Thread(
            target=self._server.run, args=([bind("127.0.0.1", self.port)],), daemon=True
        )

    def __enter__(self) -> Self:
        self._fill()
        self._serving.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.ask_to_end()
        self._serving.join(10)
        self.agent.stop()

    @property
    def base(self) -> str:
        """The address of its pages."""
        return f"http://127.0.0.1:{self.port}"

    # ---- what a till or the screen asks ---------------------------------------------------------

    def call(self, method: str, path: str, body: object = None, operator: str = "") -> Any:
        """Ask the API as the screen does."""
        headers = {
            "Authorization": f"Bearer {SCREEN_TOKEN}",
            "Content-Type": "application/json",
            "Idempotency-Key": self.agent.basis.ids.uuid7().hex,
        }
        if operator:
            headers["X-Operator"] = operator
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(method, path, None if body is None else json.dumps(body), headers)
            return json.loads(line.getresponse().read())
        finally:
            line.close()

    def clerk(self, number: str) -> dict[str, str]:
        """Sign somebody in; return what the screen keeps of her."""
        said = self.call("POST", "/v1/operators/login", {"number": number, "pin": OPERATOR_PIN})
        who = said["operator"]
        kept = {name: who[name] for name in ("name", "number", "role")} | {"id": who["operator_id"]}
        return kept | {"token": said["operator_token"]}

    def clear(self, operator: str) -> None:
        """End every visit, and throw away what is open, parked or asked."""
        self.call("DELETE", "/v1/visits", operator=operator)
        for till in (TILL, PRINTING_TILL):
            for member in (goods.LIMIN, goods.OUYANG):
                self.agent.surface.visits.over(till, member)
        for state in ("open", "parked"):
            for row in self.call("GET", f"/v1/baskets?state={state}", operator=operator)["baskets"]:
                path = f"/v1/baskets/{row['basket_id']}"
                if state == "parked":
                    self.call("POST", f"{path}/resume", operator=operator)
                self.call("DELETE", path, operator=operator)

    # ---- what devices and the cloud say ---------------------------------------------------------

    def health(self, state: str = "ok", outbox: int = 0, **devices: str) -> None:
        """Tell how the box is."""
        view = self.agent.surface.wellbeing.view().model_dump(mode="json")
        seen = self.clock.wall_ms - (0 if devices.get("cloud", "ok") == "ok" else 2_880_000)
        told = {"state": state, "devices": WELL | devices, "outbox_depth": outbox}
        told |= {"cloud_seen_ms": seen, "reasons": []}
        self.agent.basis.hub.publish("health", view | told, lane=WHOLE_SHOP)

    def event(self, kind: str, **told: object) -> None:
        """Tell the screen of the lane something."""
        self.agent.basis.hub.publish(kind, told, lane=LANE)

    def sees(self, member: UUID, factor: Factor = Factor.MEMBER_CODE) -> None:
        """Let a reader recognise a member."""
        held = self.agent.storage.replica.member(member)
        if held is None:
            raise LookupError(str(member))
        seen = Identification("member", assurance_of(factor), factor, held, at_ms=now_ms())
        self.agent.surface.counter.recognised(seen, Place(LANE, TILL))

    def sees_nobody(self, outcome: Any, *reasons: FaultCode) -> None:
        """Let the readers end without a member."""
        seen = Identification(outcome, reasons=reasons, at_ms=now_ms())
        self.agent.surface.counter.recognised(seen, Place(LANE, TILL))

    def advises(self) -> None:
        """Look for what a little more would save."""
        self.agent.surface.baskets.advise()

    def reprices(self, sku: str, price_fen: int) -> None:
        """Let a new price come while a basket is open; the old one when it is asked again."""
        changed = tuple(
            replace(article, price_fen=price_fen) if article.sku == sku else article
            for article in goods.ARTICLES
        )
        replica = self.agent.storage.replica
        replica.replace_catalogue((replica.catalogue_version() or 0) + 1, changed)

    def _fill(self) -> None:
        storage, members = self.agent.storage, self.agent.services.members
        storage.replica.replace_catalogue(1, goods.ARTICLES)
        storage.replica.replace_bundle(3, goods.BUNDLE)
        for at, (member, phone, record) in enumerate(goods.people()):
            hashed: MemberRecord = msgspec.structs.replace(
                record, phone_hash=members.phone_hash(phone)
            )
            storage.replica.put_member(member, at + 1, hashed)
            self._lend("points", record.wallet, 2_300)
            for coupon in record.coupons:
                self._lend("coupon", coupon.id, 1)
            for gift in record.gifts:
                self._lend("coupon", gift.id, 1)

    def _lend(self, kind: str, right: bytes, amount: int) -> None:
        """Let the box in and lend it a right, in the words of the feed."""
        device = self.agent.basis.settings.device.identity.device.bytes
        boot = self.clock.now().boot_id.bytes
        for what, body in (
            (ChangeKind.LEASE_EPOCH, LeaseEpoch(device, 1, boot)),
            (ChangeKind.LEASE_GRANTED, LeaseGrant(device, kind, right, 1, 1, amount)),
        ):
            raw = msgspec.Raw(encode_body(body))
            self.agent.services.leases.apply([Change(1, what, bytes(16), 1, raw)])

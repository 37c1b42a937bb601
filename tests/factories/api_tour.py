"""A walk through every operation of the local API: what is asked, answered and refused."""

import json
import re
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID

from starlette.testclient import TestClient

from edge_agent.api.app import api_routes
from edge_agent.domain.devices import DeviceKind, Identity, Seen
from edge_agent.domain.tap_seen import TapSeen
from tests.factories.agent_api import MEMBER, PHONE, PRINTING_TILL, TILL, Box
from tests.factories.agent_files import OPERATOR_PIN
from tests.factories.api_tour_texts import ZH
from tests.factories.lessons import lesson_streams, printed
from tests.factories.terminals import PairingDesk
from tests.fakes.till_tap import FakeTillTap

NOBODY = str(UUID(int=0x99))
CODE = "rm1.abc"
SECRET = {"token", "operator_token", "claim", "claim_code", "claim_token"}
Json = Any


class Tour:
    """Goes through the operations once; `found` holds the examples by `METHOD /path`."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._keys = count(1)
        self.found: dict[str, dict[str, Json]] = {}
        self._english = {
            f"{method} {route.path}": (route.endpoint.__doc__ or "").split("\n")[0]
            for route in api_routes()
            for method in route.methods or ()
        }
        desk = PairingDesk(box)
        self._operator = desk.operator
        self._till, self._screen = box.till(), box.screen()

    def walk(self) -> dict[str, dict[str, Json]]:
        """Take the whole walk."""
        for part in (
            self._readers, self._enrolment, self._baskets, self._sales, self._terminals,
            self._devices, self._lesson, self._clerks, self._tech,
        ):  # fmt: skip
            part()
        return {name: _masked(example) for name, example in sorted(self.found.items())}

    def at_till(self, operation: str, body: Json = None, **path: object) -> Json:
        """Ask as a till."""
        return self._ask(self._till, operation, body, path)

    def at_screen(self, operation: str, body: Json = None, **path: object) -> Json:
        """Ask as the screen."""
        return self._ask(self._screen, operation, body, path)

    def _ask(self, client: TestClient, operation: str, body: Json, path: dict[str, object]) -> Json:
        method, _, template = operation.partition(" ")
        query = {name: str(value) for name, value in path.items() if f"{{{name}}}" not in template}
        address = re.sub(r"\{(\w+)\}", lambda found: str(path[found.group(1)]), template)
        headers = {"X-Operator": self._operator, "Idempotency-Key": f"tour-{next(self._keys):06d}"}
        sent: dict[str, Json] = {} if body is None else {"json": body}
        answer = client.request(method, address, headers=headers, params=query, **sent)
        said = answer.json()
        example = self.found.setdefault(
            operation,
            {
                "zh": ZH.get(operation, ""),
                "en": self._english[operation],
                "request": body,
                "status": 200,
                "response": None,
                "refusals": [],
            },
        )
        if answer.status_code < 300:
            if example["response"] is None:
                example.update(request=body, status=answer.status_code, response=said)
        elif said["code"] not in {one["body"]["code"] for one in example["refusals"]}:
            example["refusals"].append({"status": answer.status_code, "body": said})
        return said

    def _readers(self) -> None:
        self.at_till("GET /v1/health")
        self.at_till("POST /v1/identify", {"deadline_ms": 300})
        self.at_till("POST /v1/identify", {"lane": "nowhere"})
        self.at_till("POST /v1/identify/phone", {"phone": PHONE})
        self.at_till("POST /v1/identify/phone", {"phone": "12"})
        self.at_till("POST /v1/identify/phone", {"phone": "none"})
        self.at_till("POST /v1/identify/code", {"text": CODE})
        self.at_till("POST /v1/identify/turn", {})
        self.at_till("POST /v1/identify/turn/cancel", {})
        self.at_till("DELETE /v1/visits")
        self.at_till("DELETE /v1/visits", lane="nowhere")
        self.at_till("GET /v1/members/{member_id}", member_id=MEMBER)
        self.at_till("GET /v1/members/{member_id}", member_id=NOBODY)
        self.at_till("GET /v1/members/{member_id}/tasks", member_id=MEMBER)
        self.at_till("GET /v1/members/{member_id}/tasks", member_id=NOBODY)
        if (advice := "GET /v1/members/{member_id}/recommendations") in self._english:
            self.at_till(advice, member_id=MEMBER)
            self.at_till(advice, member_id=NOBODY)
        whose = {"member_id": str(MEMBER)}
        self.at_till("POST /v1/gifts/{gift_id}/hand-over", whose, gift_id=NOBODY)
        said, call = {"outcome": "done"}, "POST /v1/members/{member_id}/calls/{call_id}"
        self.at_till(call, said, member_id=MEMBER, call_id=NOBODY)
        self.at_till("POST /v1/members/{member_id}/sms", {"phone": PHONE}, member_id=MEMBER)
        tried = {"code": "482913"}
        self.at_till("POST /v1/members/{member_id}/sms/verify", tried, member_id=MEMBER)

    def _enrolment(self) -> None:
        new = {
            "name": "王小明", "phone": "13912345678", "language": "zh",
            "consents": {"membership": True}, "declared_tags": ["敏感肌"],
        }  # fmt: skip
        self.at_till("POST /v1/enrolments", new)
        self.at_till("POST /v1/enrolments", new | {"phone": "1"})
        asked = {"phone": "13912345679"}
        told = self.at_till("POST /v1/recruits", asked)
        version = (told.get("consent") or {}).get("text_version", "2026-2")
        yes = {"consent": {"text_version": version, "given": True}, "name": "李雷"}
        self.at_till("POST /v1/recruits", asked | yes)
        self.at_till("POST /v1/recruits", {"phone": "1"})
        self.at_till("POST /v1/enrolments/{member_id}/phone", {}, member_id=MEMBER)
        self.at_till("POST /v1/enrolments/{member_id}/phone", {}, member_id=NOBODY)
        camera = {"from_camera": 3}
        self.at_till("POST /v1/enrolments/{member_id}/face", camera, member_id=MEMBER)
        self.at_till("POST /v1/enrolments/{member_id}/card", {}, member_id=MEMBER)
        strange = {"number": "690012345678"}
        self.at_till("POST /v1/enrolments/{member_id}/card", strange, member_id=MEMBER)
        said = {"kind": "face.local", "given": False, "language": "zh"}
        self.at_till("GET /v1/members/{member_id}/consents", member_id=MEMBER)
        self.at_till("POST /v1/members/{member_id}/consents", said, member_id=MEMBER)
        self.at_till("POST /v1/members/{member_id}/consents", said, member_id=NOBODY)
        shown = {"kind": "face.local"}
        self.at_till("POST /v1/members/{member_id}/consents/ask", shown, member_id=MEMBER)
        self.at_till("POST /v1/members/{member_id}/consents/ask", shown, member_id=NOBODY)
        self.at_till("GET /v1/members/{member_id}/export", member_id=MEMBER)
        self.at_screen("GET /v1/faces/rotation")
        self.at_screen("POST /v1/faces/rotation", {})

    def _baskets(self) -> None:
        lines = {"lines": [{"barcode": "6901234567892", "qty": 2}]}
        opened = self.at_till("POST /v1/baskets", {"member_id": str(MEMBER)})
        own = {"basket_id": opened.get("basket_id", NOBODY)}
        gone = {"basket_id": NOBODY}
        self.at_till("POST /v1/baskets/{basket_id}/lines", lines, **own)
        self.at_till("POST /v1/baskets/{basket_id}/lines", {"lines": [{"sku": "?"}]}, **own)
        self.at_till(
            "PUT /v1/baskets/{basket_id}/lines/{line}", {"qty_milli": 1_000}, line=1, **own
        )
        self.at_till(
            "PUT /v1/baskets/{basket_id}/lines/{line}", {"qty_milli": 1_000}, line=9, **own
        )
        self.at_till("DELETE /v1/baskets/{basket_id}/member", **own)
        self.at_till("PUT /v1/baskets/{basket_id}/member", {"member_id": str(MEMBER)}, **own)
        self.at_till("PUT /v1/baskets/{basket_id}/member", {"member_id": NOBODY}, **own)
        redeemed = {"points": 0, "coupons": []}
        self.at_till("PUT /v1/baskets/{basket_id}/redeem", redeemed, **own)
        self.at_till("POST /v1/baskets/{basket_id}/park", {"name": "蓝色外套"}, **own)
        self.at_till("GET /v1/baskets", state="parked")
        priced = self.at_till("POST /v1/baskets/{basket_id}/resume", {}, **own)
        self.at_till("GET /v1/baskets/{basket_id}", **own)
        self.at_till("GET /v1/baskets/{basket_id}", **gone)
        paid = {
            "till_receipt_no": "A-0001",
            "tenders": [{"kind": "wechat", "amount_fen": priced.get("total_fen", 0)}],
            "quoted_total_fen": priced.get("total_fen", 0),
        }
        changed = paid | {"quoted_total_fen": 1}
        self.at_till("POST /v1/baskets/{basket_id}/commit", changed, **own)
        self.at_till("POST /v1/baskets/{basket_id}/commit", paid, **own)
        for operation in ("park", "resume", "commit"):
            self.at_till(f"POST /v1/baskets/{{basket_id}}/{operation}", {}, **gone)
        void = self.at_till("POST /v1/baskets", {})
        self.at_till("DELETE /v1/baskets/{basket_id}", basket_id=void.get("basket_id", NOBODY))
        self.at_till("DELETE /v1/baskets/{basket_id}", **gone)

    def _sales(self) -> None:
        lines = [{"barcode": "6901234567892", "qty": 2}]
        self.at_till("POST /v1/quotes", {"lines": [{"sku": "unknown"}]})
        quote = self.at_till("POST /v1/quotes", {"lines": lines, "member_id": str(MEMBER)})
        self.at_screen("POST /v1/quotes", {"lines": lines})
        total = quote.get("total_fen", 0)
        sale = {
            "till_receipt_no": "A-0002", "member_id": str(MEMBER), "lines": lines,
            "tenders": [{"kind": "cash", "amount_fen": total}], "quoted_total_fen": total,
        }  # fmt: skip
        sold = self.at_till("POST /v1/sales", sale)
        self.at_till("POST /v1/sales", sale)
        self.at_till("POST /v1/sales", sale | {"till_receipt_no": "A-0003", "quoted_total_fen": 1})
        self.at_till("POST /v1/sales", sale | {"lines": [{"sku": "unknown"}]})
        self.at_screen("GET /v1/ledger")
        self.at_till("GET /v1/ledger")
        self.at_till("GET /v1/receipts/tapped")
        own = {"receipt_id": sold.get("receipt_id", NOBODY)}
        gone = {"receipt_id": NOBODY}
        self.at_till("GET /v1/receipts")
        self.at_till("GET /v1/receipts/{receipt_id}", **own)
        self.at_till("GET /v1/receipts/{receipt_id}", **gone)
        self.at_till("POST /v1/receipts/{receipt_id}/reprint", {}, **own)
        self.at_till("POST /v1/receipts/{receipt_id}/reprint", {}, **gone)
        bare = {
            "till_receipt_no": "A-0003", "lines": [{"sku": "mask"}],
            "tenders": [{"kind": "cash", "amount_fen": 8_900}],
        }  # fmt: skip
        unnamed = self.at_till("POST /v1/sales", bare)
        claimed = {"receipt_id": unnamed.get("receipt_id", NOBODY)}
        self.at_till("POST /v1/receipts/{receipt_id}/claim-link", {}, **claimed)
        self.at_till("POST /v1/receipts/{receipt_id}/claim-link", {}, **own)
        back = {"receipt_id": own["receipt_id"], "lines": [{"line": 1, "qty_milli": 1_000}]}
        quoted = self.at_till("POST /v1/refunds/quote", back)
        much = back | {"lines": [{"line": 1, "qty_milli": 9_000}]}
        self.at_till("POST /v1/refunds/quote", much)
        due = {"tenders": [{"kind": "cash", "amount_fen": quoted.get("money_fen", 0)}]}
        self.at_till("POST /v1/refunds", back | due | {"reason": "customer"})
        self.at_till("POST /v1/refunds", much | due | {"reason": "customer"})

    def _clerks(self) -> None:
        self.at_till("GET /v1/operators")
        self.at_till("GET /v1/training")
        self.at_till("PUT /v1/training", {"on": True})
        self.at_till("PUT /v1/training", {"on": False})
        taken_over = {"number": "1001", "pin": OPERATOR_PIN}
        self._operator = self.at_till("POST /v1/operators/login", taken_over)["operator_token"]
        self.at_till("POST /v1/operators/login", {"number": "1001", "pin": "000000"})
        self.at_screen("POST /v1/pairing", {})
        self.at_till("POST /v1/operators/logout", {})
        self.at_screen("DELETE /v1/pairing")

    def _tech(self) -> None:
        self.at_screen("GET /v1/tech/sync")
        self.at_screen("GET /v1/tech/tills")
        self.at_till("GET /v1/tech/tills")

    def _lesson(self) -> None:
        tap, path = FakeTillTap(), {"till": PRINTING_TILL}
        samples, learn = "/v1/tech/tills/{till}/samples", "POST /v1/tech/tills/{till}/learn"
        kept = "PUT /v1/tech/tills/{till}/profile"
        wish = {"name": "shop-till-1", "title": "一号收银台", "corrections": {"扫付": "tender"}}
        self._box.agent.devices.taps[PRINTING_TILL] = tap
        self.at_screen(f"POST {samples}", {}, till=NOBODY)
        self.at_screen(f"GET {samples}", **path)
        self.at_screen(f"POST {samples}", {}, **path)
        self.at_screen(learn, wish, **path)
        for at, stream in enumerate(lesson_streams(), start=1):
            tap.show(TapSeen("bytes", str(PRINTING_TILL), 0, data=stream))
            tap.put(printed(at))
        for operation, body in ((f"GET {samples}", None), (learn, wish), (kept, wish)):
            self.at_screen(operation, body, **path)
        self.at_screen(kept, wish, **path)
        self.at_screen(f"DELETE {samples}", **path)

    def _devices(self) -> None:
        self._box.agent.surface.care.health.turn()
        self.at_screen("GET /v1/tech/health")
        self.at_screen("GET /v1/tech/update")
        fixup = "POST /v1/tech/health/fixups/{name}"
        for name in ("free-space", "free-space", "pray"):
            self.at_screen(fixup, {}, name=name)
        self.at_screen(fixup, {"dry": True}, name="restart-program")
        self.at_screen("GET /v1/tech/diag/summary")
        self.at_till("POST /v1/tech/diag", {})  # what is given there is no JSON
        self.at_till("GET /v1/tech/metrics")
        self.at_screen("GET /v1/tech/agreement")
        for minutes in (30, 999):
            word = {"channel": "inject", "allow": True, "minutes": minutes}
            overruled = "POST /v1/tech/agreement/{till}/overrides"
            self.at_screen(overruled, word, till=PRINTING_TILL)
        adapter = Identity(DeviceKind.LINE, "1a86", "7523", "", "00", "1-1.2", ("05e3:0608:",))
        for number, plugging in (("0", "4"), ("1", "5")):
            sits = replace(adapter, socket=f"1-1.{number}")
            self._box.bus.plug(Seen(f"/dev/ttyUSB{number}", sits, plugging, title="USB Serial"))
        wish = {"name": "till-1-printer", "device": "/dev/ttyUSB0", "may_probe": True}
        self.at_screen("POST /v1/tech/devices/claims", wish)
        self.at_screen("POST /v1/tech/devices/claims", wish | {"name": "till-1"})
        self.at_screen("POST /v1/tech/devices/claims", wish | {"device": "/dev/ttyUSB9"})
        self.at_screen("GET /v1/tech/devices")
        heard = {"device": "till-1-printer", "ask": True}
        self.at_screen("POST /v1/tech/devices/identify", heard)
        self.at_screen("POST /v1/tech/devices/identify", heard | {"device": "/dev/ttyUSB1"})
        for _ in range(2):
            self.at_screen("DELETE /v1/tech/devices/claims/{name}", name="till-1-printer")

    def _terminals(self) -> None:
        stranger = self._box.client()
        knock = {"code": "7K3D-9QXM", "name": "2号自助收银", "kind": "till", "till": str(TILL)}
        self._ask(stranger, "POST /v1/pair", knock, {})
        self.at_screen("GET /v1/pairing")
        opened = self.at_screen("POST /v1/pairing", {})
        self._ask(stranger, "POST /v1/pair", knock | {"code": "0000-0000"}, {})
        asked = self._ask(stranger, "POST /v1/pair", knock | {"code": opened["code"]}, {})
        self._ask(stranger, "POST /v1/pair", knock, {})
        window = self.at_screen("GET /v1/pairing")
        self.found["GET /v1/pairing"]["response"] = window
        self.at_screen("POST /v1/pairing/confirm", {"request_id": NOBODY})
        yes = {
            "request_id": window["asking"]["request_id"], "till": str(TILL),
            "scopes": ["identify", "members.read", "quotes", "sales.write", "events"],
        }  # fmt: skip
        self.at_screen("POST /v1/pairing/confirm", yes)
        paired = self._ask(stranger, "POST /v1/pair/claim", {"claim": asked["claim"]}, {})
        self._ask(stranger, "POST /v1/pair/claim", {"claim": "0" * 64}, {})
        self.at_screen("DELETE /v1/pairing")
        own = self._box.client(paired["token"])
        self._ask(own, "GET /v1/terminals/self", None, {})
        self._ask(own, "POST /v1/terminals/self/token", {}, {})
        self.at_till("POST /v1/terminals/self/token", {})
        self.at_screen("GET /v1/terminals")
        self.at_till("GET /v1/terminals")
        own_id = paired["terminal"]["terminal_id"]
        for _ in range(2):
            self.at_screen("DELETE /v1/terminals/{terminal_id}", terminal_id=own_id)


def _masked(said: Json, name: str = "") -> Json:
    """Put a pattern in the place of everything that looks like a secret."""
    if isinstance(said, dict):
        return {key: _masked(value, key) for key, value in said.items()}
    if isinstance(said, list):
        return [_masked(value, name) for value in said]
    return "0123456789abcdef" * 4 if name in SECRET and isinstance(said, str) else said


def written(examples: dict[str, dict[str, Json]]) -> str:
    """Return the file's text."""
    return json.dumps(examples, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

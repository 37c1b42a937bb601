"""A shop with a lens, a canary's face, and a search for it: for the tests of privacy."""

import base64
from pathlib import Path
from typing import Any
from uuid import UUID

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.ports.face import FaceReading
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from tests.factories.agent_api import Box
from tests.factories.agent_files import OPERATOR_PIN
from tests.factories.lanes import box_devices, lane_devices
from tests.fakes.camera import FakeCamera, picture
from tests.fakes.face import FakeFaceEngine

FACE, STRANGER = 40, 90
WIDTH = 128


def vector(seed: int) -> NDArray[np.float32]:
    """A unit vector as an embedder gives it."""
    made = np.random.default_rng(seed).normal(size=WIDTH).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made), np.float32)


CANARY = vector(7)


class Shop:
    """A box with a lens; `open_again` is the next morning, over the same folder."""

    def __init__(self, folder: Path, device: str | None = None, config: str | None = None) -> None:
        self.folder = folder
        self._device = device
        self._config = config
        self.lens = FakeCamera()
        readings = {FACE: FaceReading(CANARY, None), STRANGER: FaceReading(vector(8), None)}
        self.engine = FakeFaceEngine(readings)
        self.box = self._opened()

    def _opened(self) -> Box:
        devices = box_devices(lane_devices(camera=self.lens), engine=self.engine)
        box = Box(self.folder, devices, device=self._device, config=self._config)
        devices.start()
        return box

    def open_again(self) -> None:
        self.box.agent.stop()
        self.box = self._opened()

    def headers(self, key: str) -> dict[str, str]:
        body = {"number": "1001", "pin": OPERATOR_PIN}
        token = self.box.till().post("/v1/operators/login", json=body).json()["operator_token"]
        return {"X-Operator": token, "Idempotency-Key": f"key-of-{key}"}

    def enrol(self, phone: str = "13900000001", **said: Any) -> UUID:
        """Enrol a member with her consent to faces; return her id."""
        consents = {"membership": True, "face.local": True}
        body = {"name": "赵一", "phone": phone, "consents": consents, "is_14_or_older": True}
        answer = self.box.till().post(
            "/v1/enrolments", json=body | said, headers=self.headers(phone)
        )
        return UUID(answer.json()["member_id"])

    def take_face(self, member: UUID, key: int = FACE) -> Any:
        done, content = cv2.imencode(".png", picture(key))
        assert done
        body = {"images": [base64.b64encode(content.tobytes()).decode()]}
        path = f"/v1/enrolments/{member}/face"
        headers = self.headers(f"face-{member}-{key}")
        return self.box.till().post(path, json=body, headers=headers).json()

    def look(self, key: int) -> Any:
        self.lens.show(picture(key))
        asked = {"factors": ["face"], "deadline_ms": 5_000 if key == FACE else 500}
        answer = self.box.till().post("/v1/identify", json=asked).json()
        self.lens.show(None)
        return answer

    def say(
        self, member: UUID, kind: str, *, given: bool, nth: int = 0, old_enough: bool = True
    ) -> Any:
        body = {"kind": kind, "given": given, "is_14_or_older": old_enough}
        path = f"/v1/members/{member}/consents"
        headers = self.headers(f"say-{kind}-{given}-{nth}")
        return self.box.till().post(path, json=body, headers=headers)

    def journalled(self, type_: EventType) -> list[Any]:
        records = self.box.storage.journal.records(type_=type_)
        return [decode_body(record.draft.type, record.draft.body) for record in records]

    def held(self) -> list[UUID]:
        return [one.member_id for one in self.box.storage.gallery.holders()]

    def stop(self) -> None:
        self.box.agent.stop()


def needles(shop: Shop) -> list[bytes]:
    """The canary as it could lie in a file: raw and rotated, in every width, and as text."""
    rotated = shop.box.storage.gallery.rotation.turn(CANARY)
    found = []
    for numbers in (CANARY, rotated):
        for width in ("<f2", "<f4", "<f8", ">f4"):
            found += [numbers.astype(width).tobytes()[at : at + 24] for at in (0, 64)]
        text = [f"{float(number):.5f}".encode() for number in numbers[:2]]
        found.append(b", ".join(text))
        found.append(b",".join(text))
    return found


def hits(folder: Path, wanted: list[bytes]) -> list[str]:
    """Names of files below a folder in which any of the byte strings stands."""
    found = []
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        found += [path.name for needle in wanted if needle in content]
    return found

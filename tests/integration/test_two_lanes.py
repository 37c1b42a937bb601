"""A running box with two counters: two capture processes, two card readers of a real pcscd."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.bootstrap.basis import basis_of
from edge_agent.bootstrap.face_models import open_face
from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.drivers.nfc_pcsc.sim import Ntag424
from edge_agent.drivers.qr.sim import Look, render
from edge_agent.settings import load_settings
from retail_core.identity.sun import file_key
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import CARD_UID, MEMBER, Box
from tests.factories.agent_files import (
    SECOND_TILL_TOKEN,
    THREE_TILLS,
    TILL_TOKEN,
    TWO_LANES,
    write_agent,
)
from tests.factories.agent_process import AgentProcess
from tests.factories.counter import ALICES_PHONE
from tests.factories.waiting import eventually
from tools.virtual_pcsc import READER_NAME, NotHereError, VirtualPcsc, ensure_pcscd

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(300)]

META_KEY, MASTER_KEY = b"\x33" * 16, b"\x44" * 16
SECOND_LANE = '[[lanes]]\nid = "b"'
LONG_AGO_S = 1_000_000_000
TOKENS = {"a": TILL_TOKEN, "b": SECOND_TILL_TOKEN}


class Shop:
    """The box, what its two cameras see, and its two readers."""

    def __init__(self, folder: Path, readers: VirtualPcsc) -> None:
        self.readers = readers
        self.views = {lane: folder / f"view-{lane}.png" for lane in TOKENS}
        for lane in TOKENS:
            self.show(lane, np.full((480, 640, 3), 120, np.uint8))
        with Box(folder, two_lanes=True):
            pass
        first, second = TWO_LANES.split(SECOND_LANE)
        config = first + self._devices("a", 0) + SECOND_LANE + second + self._devices("b", 1)
        self.box = AgentProcess(folder, device=THREE_TILLS, config=config)

    def _devices(self, lane: str, slot: int) -> str:
        camera = f'[lanes.camera]\nsource = "file:{self.views[lane]}"\nfps = 15\n'
        return f'{camera}[lanes.nfc]\nreader = "{READER_NAME} 00 0{slot}"\n\n'

    def show(self, lane: str, image: NDArray[np.uint8]) -> None:
        """Put a picture before a camera, in one step."""
        beside = self.views[lane].with_suffix(".next.png")
        cv2.imwrite(str(beside), image)
        beside.replace(self.views[lane])

    def identify(self, lane: str, deadline_ms: int = 1_500, **asked: Any) -> Any:
        body = {"deadline_ms": deadline_ms, **asked}
        return self.box.call("POST", "/v1/identify", body, token=TOKENS[lane]).body

    def devices(self) -> dict[str, str]:
        found: dict[str, str] = self.box.call("GET", "/v1/health").body["devices"]
        return found


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    try:
        readers = ensure_pcscd()
    except NotHereError as reason:
        pytest.skip(str(reason))
    with readers:
        for name, value in readers.environment.items():
            monkeypatch.setenv(name, value)
        made = Shop(tmp_path, readers)
        with made.box:
            eventually(lambda: made.devices()["camera"] == made.devices()["nfc"] == "ok")
            yield made


def test_a_face_beside_the_lanes_zone_is_somebody_elses(
    tmp_path: Path, models_dir: Path, photos: Path
) -> None:
    """Two cameras see both counters: each lane takes the face that stands at its own."""
    config = TWO_LANES.replace("enabled = false", "enabled = true\nproduction = false")
    config = config.replace('"models"', f'"{models_dir}"')
    first, second = config.split(SECOND_LANE)
    zones = [f"[lanes.camera]\nzone = {zone}\n" for zone in ([0, 0, 0.5, 1], [0.5, 0, 1, 1])]
    config = first + zones[0] + SECOND_LANE + second + zones[1]
    settings = load_settings(write_agent(tmp_path, device=THREE_TILLS, config=config))
    engines = open_face(basis_of(settings, "test"))
    engines.start()
    try:
        engines.wait()
        assert engines.fault is None
        face = decode_picture((photos / "person-a" / "1.jpg").read_bytes())
        height, width = face.shape[:2]
        wide = np.full((height, 2 * width, 3), 120, np.uint8)
        wide[:, :width] = face
        for gate in ("recognise", "enrol"):
            here, there = (getattr(engines.lanes[lane], gate).read(wide) for lane in ("a", "b"))
            assert here.embedding is not None
            assert there.refused_by is FaultCode.FACE_NONE
    finally:
        engines.stop()


def card() -> Ntag424:
    return Ntag424(CARD_UID, meta_key=META_KEY, file_key=file_key(MASTER_KEY, CARD_UID))


def test_each_counter_has_its_own_reader_and_camera(shop: Shop) -> None:
    hers = card()
    for lane, other, reader in (
        ("a", "b", shop.readers.reader),
        ("b", "a", shop.readers.second),
    ):
        reader.insert(hers)
        found = shop.identify(lane, deadline_ms=10_000)
        assert (found["outcome"], found["factor"], found["lane"]) == ("member", "sun_card", lane)
        assert found["member"]["member_id"] == str(MEMBER)
        assert shop.identify(other, deadline_ms=300)["outcome"] == "none"
        reader.remove()

    # A code from long ago is refused, and only where it is held up.
    shop.show("b", render(ALICES_PHONE.code(LONG_AGO_S), Look()))
    eventually(lambda: shop.identify("b")["outcome"] == "unknown")
    assert shop.identify("a", deadline_ms=300)["outcome"] == "none"


def test_what_is_unplugged_at_one_counter_leaves_the_other_at_work(shop: Shop) -> None:
    shop.views["a"].unlink()
    eventually(lambda: shop.devices()["camera@a"] in {"gone", "stalled"})
    devices = shop.devices()
    assert (devices["camera@b"], devices["nfc@b"]) == ("ok", "ok")
    shop.readers.second.insert(card())
    found = shop.identify("b", deadline_ms=10_000)
    assert (found["outcome"], found["reasons"]) == ("member", [])
    assert [one["code"] for one in shop.identify("a", factors=["qr"])["reasons"]] in (
        ["R401"],
        ["R402"],
    )

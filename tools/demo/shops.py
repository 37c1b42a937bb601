"""The three shops of the story: what stands in each, and how its agent is told."""

from dataclasses import dataclass, field
from typing import Any

from edge_agent.drivers.camera_opencv.sim import MjpegServer
from tools.demo.client import Client
from tools.demo.line import Line
from tools.demo.processes import Child

CLERK_NUMBER = "1001"


@dataclass(frozen=True, slots=True)
class Place:
    """A shop on the map."""

    key: str
    name: str
    city: str
    region: str
    clerk: str


PLACES = (
    Place("shanghai", "上海徐汇店", "上海", "华东", "王芳"),
    Place("chengdu", "成都春熙店", "成都", "西南", "刘洋"),
    Place("beijing", "北京朝阳店", "北京", "华北", "赵敏"),
)


@dataclass(slots=True)
class Shop:
    """A shop: its box, its line to the cloud, its camera, and what opens its API."""

    place: Place
    agent: Child
    line: Line
    camera: MjpegServer
    till: Client
    screen: Client
    till_id: str
    escpos_till_id: str
    store_id: str
    clerk_pin: str
    card_keys: tuple[bytes, bytes] = field(repr=False)
    used_code: str = field(repr=False)

    def screen_url(self) -> str:
        """Return the till screen's address; the token stands in the fragment, never in a log."""
        return f"{self.screen.base}/#token={self.screen.token}"

    def health(self) -> Any:
        """Return what the box says of itself."""
        return self.till.get("/v1/health")

    def can_sell(self) -> bool:
        """Return whether the box can sell."""
        return bool(self.health()["can_sell"])

    def online(self) -> bool:
        """Return whether the box can sell and has catalogue and offers of the cloud."""
        health = self.health()
        return bool(
            health["can_sell"]
            and health["devices"].get("cloud") == "ok"
            and health["devices"].get("face") != "starting"
            and health["versions"].get("catalogue") not in {None, "0"}
            and health["versions"].get("bundle") not in {None, "0"}
        )

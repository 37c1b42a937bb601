"""The technician's view of the devices: what is plugged in, what it is called, who uses it."""

from typing import Annotated

from fastapi import APIRouter, Path

from edge_agent.api.dependencies import Deps
from edge_agent.api.models.tech_devices import (
    ClaimDeviceAsked,
    ClaimView,
    DevicesAnswered,
    HeardAnswered,
    IdentifyDeviceAsked,
)
from edge_agent.api.routes.pairing import InCharge
from edge_agent.api.routes.tech import MayInspect
from edge_agent.domain.devices import NAME_PATTERN
from edge_agent.services.box.device_broker import Wish

router = APIRouter(tags=["tech"])
ClaimName = Annotated[str, Path(pattern=NAME_PATTERN)]


@router.get("/v1/tech/devices")
def devices(deps: Deps, _caller: MayInspect) -> DevicesAnswered:
    """List claims and devices; nothing is opened to answer."""
    return deps.devices.view()


@router.post("/v1/tech/devices/claims")
def claim(asked: ClaimDeviceAsked, deps: Deps, by: InCharge, _caller: MayInspect) -> ClaimView:
    """Give a device a name, or a name another device."""
    wish = Wish(asked.name, asked.device, asked.by_socket, asked.may_probe)
    return deps.devices.claim(wish, by.number)


@router.delete("/v1/tech/devices/claims/{name}")
def release(name: ClaimName, deps: Deps, _by: InCharge, _caller: MayInspect) -> DevicesAnswered:
    """Forget a claim: its device is nobody's again, and never written to."""
    return deps.devices.release(name)


@router.post("/v1/tech/devices/identify")
def identify(
    asked: IdentifyDeviceAsked, deps: Deps, _by: InCharge, _caller: MayInspect
) -> HeardAnswered:
    """Listen to a device for a moment and say what it sounds like."""
    return deps.devices.identify(asked.device, ask=asked.ask, listen_ms=asked.listen_ms)

"""Tills' own software, on a box that has such a till; another carries nothing of it."""

from contextlib import ExitStack

from fastapi import FastAPI

from edge_agent.api.loops import Loop
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.services import Services
from edge_agent.bootstrap.surface import Surface

DOOR = "/till-software"


def add_software_tills(
    app: FastAPI,
    built: tuple[Basis, Storage, Services, Surface],
    devices: Devices,
    files: ExitStack,
) -> tuple[Loop, ...]:
    """Open the door for software that asks; return the threads that tell the other kind."""
    if not built[0].settings.device.software_tills:
        return ()
    from edge_agent.bootstrap.till_software import (  # noqa: PLC0415 - see the module
        build_till_software,
    )

    software = build_till_software(*built, devices, files)
    app.mount(DOOR, software.door)
    return software.loops

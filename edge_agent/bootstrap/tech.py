"""What stands behind the technician's pages."""

from edge_agent.api.tech import TappedTill, Tech
from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.devices import BROKEN, Devices
from edge_agent.services.append_receipt import AppendReceipt


def build_tech(basis: Basis, devices: Devices, append: AppendReceipt) -> Tech:
    """Name every tapped till of the device file; one that could not be set up is `gone`."""
    tills = tuple(
        TappedTill(
            till=one.id,
            name=one.name,
            kind=one.kind,
            profile=one.profile,
            state=tap.state if (tap := devices.taps.get(one.id)) else lambda: BROKEN,
        )
        for one in basis.settings.device.escpos_tills
    )
    return Tech(tills, append.outcomes)

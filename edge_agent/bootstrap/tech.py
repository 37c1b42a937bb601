"""What stands behind the technician's pages."""

from functools import partial

from edge_agent.api.tech import Listens, TappedTill, Tech
from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.devices import BROKEN, Devices
from edge_agent.ports.till_tap import TillTap
from edge_agent.services.tills.append_receipt import AppendReceipt
from edge_agent.services.tills.write_permit import WritePermit
from edge_agent.till_settings import EscposTill

KEY_BYTES = 32


def build_tech(basis: Basis, devices: Devices, append: AppendReceipt, permit: WritePermit) -> Tech:
    """Name every tapped till of the device file; one that could not be set up is `gone`."""
    tills = tuple(
        _tapped(basis, one, devices.taps.get(one.id)) for one in basis.settings.device.escpos_tills
    )
    return Tech(tills, append.outcomes, permit)


def _tapped(basis: Basis, till: EscposTill, tap: TillTap | None) -> TappedTill:
    return TappedTill(
        till=till.id,
        name=till.name,
        kind=till.kind,
        profile=till.profile,
        state=tap.state if tap else lambda: BROKEN,
        listen=partial(_listen, basis, till, tap) if tap else None,
    )


def _listen(basis: Basis, till: EscposTill, tap: TillTap) -> Listens:
    """Listen to a tap; each listener's stand-ins are of its own key."""
    from edge_agent.drivers.profiles import TillProfile, load_profile  # noqa: PLC0415 - as devices
    from edge_agent.drivers.till_escpos.listening import Listening  # noqa: PLC0415 - as devices

    profile = load_profile(basis.settings.config.profiles_dir, till.profile, TillProfile)
    return Listening(tap, profile, basis.ids.random_bytes(KEY_BYTES))

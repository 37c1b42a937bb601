"""The taps of a till put together, and what may be written to it, wired."""

from edge_agent.agreement_settings import bars_by_till
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.services.write_permit import WritePermit


def build_permit(basis: Basis, storage: Storage) -> WritePermit:
    """Build what says whether a till may be written to, with the score kept on disk."""
    settings = basis.settings
    tills = {till.id: till.name for till in settings.device.escpos_tills}
    bars = bars_by_till(settings.config.agreement, tills)
    return WritePermit(storage.agreement, basis.clock, basis.tally, bars)

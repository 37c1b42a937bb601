"""The taps of a till put together, and what may be written to it, wired."""

from edge_agent.agreement_settings import bars_by_till
from edge_agent.api.fused_desk import FusedDesk
from edge_agent.api.loops import Loop
from edge_agent.api.views import Views
from edge_agent.api.visits import Visits
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.journal.side_queue import SideQueue
from edge_agent.services.line.uplink import Uplink
from edge_agent.services.members.till_sessions import TillSessions
from edge_agent.services.shop.price_desk import PriceDesk
from edge_agent.services.tills.agreement_news import AgreementNews
from edge_agent.services.tills.fusing import Fusing
from edge_agent.services.tills.hearing import Hearing
from edge_agent.services.tills.shadow import Shadow
from edge_agent.services.tills.write_permit import WritePermit

TURN_S = 0.5
KNOWS = "recognition"


def build_permit(basis: Basis, storage: Storage, recorder: Recorder, uplink: Uplink) -> WritePermit:
    """Build what says whether a till may be written to, with the score kept on disk."""
    settings = basis.settings
    tills = {till.id: till.name for till in settings.device.escpos_tills}
    bars = bars_by_till(settings.config.agreement, tills)
    permit = WritePermit(storage.agreement, basis.clock, basis.tally, bars)
    queue = SideQueue(lambda draft: recorder.record([draft], lambda seq: seq), basis.tally)
    uplink.heard(lambda _ranges: queue.settle())
    AgreementNews(permit, queue, basis.clock, basis.ids)
    return permit


def build_fused(
    basis: Basis,
    storage: Storage,
    parts: tuple[PriceDesk, TillSessions, WritePermit],
    views: Views,
    visits: Visits,
) -> FusedDesk:
    """Build what the taps' threads tell, and the screens hear."""
    prices, sessions, permit = parts
    fusing = Fusing(prices, sessions, basis.clock)
    shadow = Shadow(fusing, permit, prices, storage.replica, basis.clock, basis.tally)
    return FusedDesk(fusing, shadow, basis.hub, views, visits)


def fused_loop(basis: Basis, fused: FusedDesk) -> Loop:
    """Build the thread that prices a basket anew for who was just recognised at its till."""
    tills = frozenset(till.id for till in basis.settings.device.escpos_tills)
    hearing = Hearing(frozenset({KNOWS}), tills)
    basis.hub.listen(hearing.hear)

    def turn() -> None:
        heard = hearing.next(TURN_S)
        if heard is not None:
            fused.priced_anew(heard.till)

    return Loop("fused", turn, basis.tally)

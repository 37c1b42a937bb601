"""Tills that ask in frames, wired: each has a thread that answers what its line brings."""

from functools import partial
from uuid import UUID

from edge_agent.api.loops import Loop
from edge_agent.api.rate import LookupRate
from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.services import Services
from edge_agent.bootstrap.surface import Surface
from edge_agent.ports.framed_till import FramedTill
from edge_agent.services.recognition.identify import Identification, Identify
from edge_agent.services.tills.attach import Attach
from edge_agent.services.tills.serve_till import ServeTill

TURN_MS = 500


def build_attach(basis: Basis, services: Services, surface: Surface) -> Attach:
    """Wire how an unchanged till names a member."""
    rate = LookupRate(basis.clock)

    def identify(till: UUID) -> Identify:
        return services.lanes[surface.visits.at(till).lane].identify

    def told(found: Identification, till: UUID) -> None:
        surface.counter.recognised(found, surface.visits.at(till))

    return Attach(
        services.members,
        identify,
        told,
        lambda till: rate.take(f"till:{till}"),
        basis.settings.device.card_numbers,
    )


def build_serve(basis: Basis, services: Services, surface: Surface) -> ServeTill:
    """Wire what answers such a till."""
    return ServeTill(
        attach=build_attach(basis, services, surface),
        tapped=services.tapped,
        receipts=services.after.receipts,
        members=services.members,
        booked=surface.counter.booked,
        practising=lambda till: bool(services.after.training.at(surface.visits.at(till).lane)),
        today=lambda: services.prices.business_date(basis.clock.now()),
        clock=basis.clock,
        nobody=services.sessions.end,
    )


def framed_loops(
    basis: Basis, services: Services, surface: Surface, devices: Devices
) -> list[Loop]:
    """Build the threads that answer."""
    serve = build_serve(basis, services, surface)
    profiles = {till.id: till.profile for till in basis.settings.device.framed_tills}

    def answer_next(till: UUID, framed: FramedTill) -> None:
        request = framed.next_request(timeout_ms=TURN_MS)
        if request is not None:
            framed.answer(request, serve.answer(till, profiles[till], request))

    return [
        Loop(framed.name, partial(answer_next, till, framed), basis.tally)
        for till, framed in devices.framed.items()
    ]

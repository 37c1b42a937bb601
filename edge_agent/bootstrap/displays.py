"""Customer displays of tills, wired: what they show is told on, and members are greeted there."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol
from uuid import UUID

from edge_agent.api.loops import Loop
from edge_agent.api.models.events import DisplayTold
from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.line_opener import line_opener
from edge_agent.ports.display_tap import CustomerDisplay, DisplayEvent, DisplayTap
from edge_agent.services.tills.greeter import Greeter, Place
from edge_agent.services.tills.write_permit import Channel, WritePermit
from edge_agent.till_settings import DisplayConfig

TURN_MS = 500


class TillDisplay(DisplayTap, CustomerDisplay, Protocol):
    """A till's display: read, and written on."""


class LatePermit:
    """Who may write to a till, known once there are services; before that nobody may."""

    def __init__(self) -> None:
        self._permit: WritePermit | None = None

    def attach(self, permit: WritePermit) -> None:
        """Let this one decide from now on."""
        self._permit = permit

    def may(self, till: UUID, channel: Channel) -> bool:
        """Tell whether the box may write to a till on a channel now."""
        return self._permit is not None and self._permit.may(till, channel).allowed


def open_display(
    basis: Basis, till: UUID, config: DisplayConfig, permit: LatePermit
) -> TillDisplay:
    """Set up a till's display; raises Fault TILL_PROFILE_INVALID."""
    from edge_agent.drivers.customer_display.driver import (  # noqa: PLC0415 - only where configured
        CustomerDisplayTap,
    )
    from edge_agent.drivers.profiles import DisplayProfile, load_profile  # noqa: PLC0415

    profile = load_profile(basis.settings.config.profiles_dir, config.profile, DisplayProfile)
    return CustomerDisplayTap(
        str(till),
        profile,
        (config.port, config.display),
        may=lambda: config.write and permit.may(till, Channel.DISPLAY),
        tally=basis.tally,
        open_line=line_opener(basis),
    )


def display_loops(
    basis: Basis,
    displays: Mapping[UUID, TillDisplay],
    lane_of: Callable[[UUID], str],
    shown: Callable[[DisplayEvent], object],
) -> list[Loop]:
    """Build the threads that tell on what is shown, and the one that greets."""

    def tell(till: UUID, tap: DisplayTap) -> None:
        event = tap.next_event(timeout_ms=TURN_MS)
        if event is not None:
            told = DisplayTold(till=till, kind=event.kind, amount_fen=event.amount_fen)
            basis.hub.publish("display", told.model_dump(mode="json"), lane=lane_of(till))
            shown(event)

    if not displays:
        return []
    language, texts = basis.settings.config.language, basis.settings.config.texts
    welcome = texts.welcome if language == "zh" else texts.welcome_en
    greeter = Greeter(
        {till: Place(display, language, welcome) for till, display in displays.items()}
    )
    basis.hub.listen(greeter.hearing.hear)
    loops = [
        Loop(display.name, partial(tell, till, display), basis.tally)
        for till, display in displays.items()
    ]
    return [*loops, Loop("greeter", greeter.turn, basis.tally)]

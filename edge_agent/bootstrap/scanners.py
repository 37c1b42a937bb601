"""Scanners of tills, wired: members' codes are checked, goods told on, member prices typed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from uuid import UUID

from edge_agent.api.loops import Loop
from edge_agent.api.models.events import ScanTold
from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.displays import LatePermit
from edge_agent.bootstrap.line_opener import line_opener, path_of
from edge_agent.ports.scanner_tap import ScanEvent, ScannerTap, TillInjector
from edge_agent.services.tills.member_typing import MemberTyping, TypingPlace
from edge_agent.services.tills.scanned_members import ScannedMembers
from edge_agent.services.tills.write_permit import Channel
from edge_agent.till_settings import ScannerConfig
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TURN_MS = 500


class TillScanner(ScannerTap, Protocol):
    """A till's scanner, and what types as it does."""

    @property
    def injector(self) -> TillInjector:
        """Return what types into the till."""
        ...


def open_scanner(
    basis: Basis, till: UUID, config: ScannerConfig, permit: LatePermit
) -> TillScanner:
    """Set up a till's scanner; Faults TILL_PROFILE_INVALID, SETUP_CONFIG_INVALID.

    ImportError where a scanner types and `evdev` is not installed.
    """
    from edge_agent.drivers.profiles import (  # noqa: PLC0415 - only where configured
        ScannerProfile,
        load_profile,
    )
    from edge_agent.drivers.scanner.driver import SerialScannerTap  # noqa: PLC0415
    from edge_agent.drivers.scanner.kinds import MemberForms, ScanKinds  # noqa: PLC0415

    profile = load_profile(basis.settings.config.profiles_dir, config.profile, ScannerProfile)
    kinds = ScanKinds(str(till), MemberForms(config.cards), basis.shop.labels)
    may = partial(permit.may, till, Channel.INJECT)
    if profile.through == "keyboard":
        from edge_agent.drivers.scanner.evdev_keys import EvdevKeys  # noqa: PLC0415
        from edge_agent.drivers.scanner.keyboard import KeyboardScannerTap  # noqa: PLC0415

        where = path_of(basis, config.scanner)
        return KeyboardScannerTap(
            kinds, profile, lambda: EvdevKeys(where()), may=may, tally=basis.tally
        )
    if not config.port:
        detail = "scanner.port: where is the till?"
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=str(till), detail=detail)
    return SerialScannerTap(
        kinds,
        profile,
        (config.scanner, config.port),
        may=may,
        tally=basis.tally,
        open_line=line_opener(basis),
    )


@dataclass(frozen=True, slots=True)
class ScanEars:
    """Who hears of scans: the member desk, and who puts goods together."""

    members: ScannedMembers
    goods: Callable[[ScanEvent], object]
    lane_of: Callable[[UUID], str]

    def take(self, basis: Basis, till: UUID, scanner: ScannerTap) -> None:
        """Wait a moment for a scan; a member's code goes no further than her lane's check."""
        event = scanner.next_event(timeout_ms=TURN_MS)
        if event is None:
            return
        if event.kind == "member":
            self.members.take(event)
            return
        told = ScanTold(
            till=till,
            kind=event.kind,
            code=event.code,
            qty_milli=event.qty_milli,
            amount_fen=event.amount_fen,
        )
        basis.hub.publish("scan", told.model_dump(mode="json"), lane=self.lane_of(till))
        self.goods(event)


def scanner_loops(basis: Basis, scanners: Mapping[UUID, TillScanner], ears: ScanEars) -> list[Loop]:
    """Build the threads that hear of scans, and the one that types."""
    codes = {
        till.id: till.scanner.inject
        for till in basis.settings.device.escpos_tills
        if till.scanner is not None and till.scanner.inject
    }
    loops = [
        Loop(scanner.name, partial(ears.take, basis, till, scanner), basis.tally)
        for till, scanner in scanners.items()
    ]
    places = {
        till: TypingPlace(scanner.injector, codes[till])
        for till, scanner in scanners.items()
        if till in codes
    }
    if not places:
        return loops
    typing = MemberTyping(places)
    basis.hub.listen(typing.hearing.hear)
    return [*loops, Loop("member-typing", typing.turn, basis.tally)]

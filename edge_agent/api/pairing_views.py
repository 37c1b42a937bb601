"""Terminals and the pairing window as the screen and the technician see them."""

from edge_agent.api.hub import WHOLE_SHOP, EventHub
from edge_agent.api.models.pairing import AskingView, PairingAnswered, TerminalView
from edge_agent.api.principals import Principal
from edge_agent.domain.terminals import Terminal
from edge_agent.services.box.pairing import Asking, Seen


def terminal_view(one: Terminal) -> TerminalView:
    """Show a paired terminal; nothing of its token."""
    return TerminalView(
        terminal_id=one.terminal_id,
        provisioned=False,
        kind=one.kind,
        name=one.name,
        scopes=tuple(sorted(one.scopes)),
        till=one.till,
        lane=one.lane,
        origins=one.origins,
        paired_ms=one.paired_ms,
        paired_by=one.paired_by,
        seen_ms=one.seen_ms,
    )


def provisioned_view(one: Principal) -> TerminalView:
    """Show a terminal of the device file."""
    return TerminalView(
        terminal_id=None,
        provisioned=True,
        kind=one.kind,
        name=one.name,
        scopes=tuple(sorted(one.may)),
        till=one.till,
        lane=one.lane,
        origins=(),
        paired_ms=None,
        paired_by=None,
        seen_ms=None,
    )


def window_view(seen: Seen | None) -> PairingAnswered:
    """Show the window; never the code."""
    if seen is None:
        return PairingAnswered(state="closed")
    state = "open" if seen.asking is None else "confirmed" if seen.confirmed else "asking"
    return PairingAnswered(
        state=state,
        expires_s=seen.expires_s,
        tries_left=seen.tries_left,
        asking=None if seen.asking is None else _asking(seen.asking),
    )


def _asking(one: Asking) -> AskingView:
    return AskingView(
        request_id=one.request_id,
        name=one.wish.name,
        kind=one.wish.kind,
        origin=one.wish.origin,
        address=one.wish.address,
        till=one.wish.till,
        lane=one.wish.lane,
        check=one.check,
    )


def announce(hub: EventHub, seen: Seen | None) -> None:
    """Tell the screens what became of the window."""
    hub.publish("pairing", window_view(seen).model_dump(mode="json"), lane=WHOLE_SHOP)

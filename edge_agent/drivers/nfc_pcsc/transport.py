"""PC/SC as one thread may use it: look at readers, wait for a change, talk to a card.

Our own loop on the plain calls: the monitors of pyscard end for good when pcscd dies. A context
that outlived its service stays dead for ever, so every error means: release, establish anew.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from smartcard import scard

_PNP = "\\\\?PnP?\\Notification"
_COUNTER_SHIFT = 16
_STATUS_BYTES = 2

_CARD_LEFT = frozenset(
    {
        scard.SCARD_W_REMOVED_CARD,
        scard.SCARD_W_RESET_CARD,
        scard.SCARD_W_UNPOWERED_CARD,
        scard.SCARD_W_UNRESPONSIVE_CARD,
        scard.SCARD_E_NO_SMARTCARD,
        scard.SCARD_E_NOT_TRANSACTED,
        scard.SCARD_E_PROTO_MISMATCH,
    }
)
_NOTHING_NEW = frozenset(
    {scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED, scard.SCARD_E_UNKNOWN_READER}
)
_UNPLUGGED = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE


class PcscError(Exception):
    """The service, its reader or this context is unusable; begin again with a new context."""

    def __init__(self, call: str, result: int) -> None:
        super().__init__(f"{call}: {scard.SCardGetErrorMessage(result)}")
        self.result = result


class CardLeftError(Exception):
    """The card went away, or was held too loosely, while it was read."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What one reader reported: `changes` counts every card put down or taken away."""

    reader: str
    present: bool
    changes: int


class Link(Protocol):
    """A card that commands can be sent to; a context manager that gives it back."""

    def transmit(self, command: bytes) -> bytes:
        """Send one command; raises CardLeftError or PcscError."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Session(Protocol):
    """What the driver needs of the service."""

    def readers(self) -> tuple[str, ...]:
        """Return the names of the readers that are plugged in."""
        ...

    def wait(self, readers: tuple[str, ...], *, timeout_ms: int) -> tuple[Presence, ...]:
        """Return what changed on these readers; () when nothing did or readers came or went."""
        ...

    def open(self, reader: str) -> Link:
        """Connect to the card on a reader; raises CardLeftError or PcscError."""
        ...

    def cancel(self) -> None:
        """Make a wait in another thread return."""
        ...

    def close(self) -> None:
        """Release the context; it may be dead already."""
        ...


class CardLink:
    """An open card; a context manager that gives the card back."""

    def __init__(self, context: int, reader: str) -> None:
        result, self._card, self._protocol = scard.SCardConnect(
            context,
            reader,
            scard.SCARD_SHARE_SHARED,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        _check_card("SCardConnect", result)
        # Another program's commands between two of ours would change the selected file under us.
        begun = scard.SCardBeginTransaction(self._card)
        if begun != scard.SCARD_S_SUCCESS:
            scard.SCardDisconnect(self._card, scard.SCARD_LEAVE_CARD)
        _check_card("SCardBeginTransaction", begun)

    def transmit(self, command: bytes) -> bytes:
        """Send one command; raises CardLeftError or PcscError."""
        result, answer = scard.SCardTransmit(self._card, self._protocol, list(command))
        _check_card("SCardTransmit", result)
        if len(answer) < _STATUS_BYTES:
            raise CardLeftError("SCardTransmit")  # some drivers report a lost card as silence
        return bytes(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        leave = scard.SCARD_LEAVE_CARD if error is None else scard.SCARD_RESET_CARD
        scard.SCardEndTransaction(self._card, scard.SCARD_LEAVE_CARD)
        scard.SCardDisconnect(self._card, leave)


class PcscSession:
    """One context; only `cancel` may be called from another thread."""

    def __init__(self) -> None:
        result, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _check("SCardEstablishContext", result)
        self._states: dict[str, int] = {}
        self._plugged = scard.SCARD_STATE_UNAWARE

    def readers(self) -> tuple[str, ...]:
        """Return the names of the readers that are plugged in."""
        result, names = scard.SCardListReaders(self._context, [])
        if result == scard.SCARD_E_NO_READERS_AVAILABLE:
            return ()
        _check("SCardListReaders", result)
        return tuple(names)

    def wait(self, readers: tuple[str, ...], *, timeout_ms: int) -> tuple[Presence, ...]:
        """Return what changed on these readers; () when nothing did or readers came or went."""
        self._states = {name: state for name, state in self._states.items() if name in readers}
        asked = [(name, self._states.get(name, scard.SCARD_STATE_UNAWARE)) for name in readers]
        asked.append((_PNP, self._plugged))
        result, states = scard.SCardGetStatusChange(self._context, timeout_ms, asked)
        if result in _NOTHING_NEW:
            return ()
        _check("SCardGetStatusChange", result)
        return self._note(states)

    def _note(self, states: list[tuple[str, int, list[int]]]) -> tuple[Presence, ...]:
        """Keep what was reported, so that the next wait returns on news only."""
        news: list[Presence] = []
        for name, state, _atr in states:
            settled = state & ~scard.SCARD_STATE_CHANGED
            if name == _PNP:
                self._plugged = settled
                continue
            self._states[name] = settled
            if state & scard.SCARD_STATE_CHANGED and not state & _UNPLUGGED:
                present = bool(state & scard.SCARD_STATE_PRESENT)
                news.append(Presence(name, present, (state >> _COUNTER_SHIFT) & 0xFFFF))
        return tuple(news)

    def open(self, reader: str) -> CardLink:
        """Connect to the card on a reader; raises CardLeftError or PcscError."""
        return CardLink(self._context, reader)

    def cancel(self) -> None:
        """Make a wait in another thread return."""
        scard.SCardCancel(self._context)

    def close(self) -> None:
        """Release the context; it may be dead already."""
        scard.SCardReleaseContext(self._context)


def _check(call: str, result: int) -> None:
    if result != scard.SCARD_S_SUCCESS:
        raise PcscError(call, result)


def _check_card(call: str, result: int) -> None:
    if result in _CARD_LEFT:
        raise CardLeftError(call)
    _check(call, result)

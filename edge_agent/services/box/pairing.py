"""Pairing a terminal by a short code: window, question, a person's yes, token.

The window and the question live in memory: a restart closes them. The code never pairs by itself:
who signed in sees the terminal's name, its page and its check number before a token exists.
"""

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from edge_agent.domain.terminals import Kind, Scope, Terminal, granted
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.services.box.terminals import Terminals, hash_of, new_token
from retail_core.errors import Fault
from retail_core.limits import PAIRING_TRIES_MAX, PAIRING_WINDOW_S
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

WHICH_TILL = Words("till: which till does it sell for?", "till:它替哪台收银机卖?")
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_CHARS = 8
CHECK_NUMBERS = 10_000
_READ_AS = str.maketrans("OIL", "011", "- ")


@dataclass(frozen=True, slots=True)
class Opened:
    """A window for one terminal; the code is told here and nowhere else."""

    code: str = field(repr=False)
    expires_s: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What a terminal says of itself; the box saw `origin` and `address` by itself."""

    name: str
    kind: Kind
    origin: str | None = None
    address: str = ""
    till: UUID | None = None
    lane: str | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """A terminal that knew the code; `check` stands on both displays."""

    request_id: UUID
    wish: Wish
    check: str
    claim: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allows: the till it sells for, the lane it hears, and no more than this."""

    by: UUID
    scopes: frozenset[Scope] | None = None
    till: UUID | None = None
    lane: str | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """A paired terminal and its token; `gone` are the pairings that it took the place of."""

    terminal: Terminal
    token: str = field(repr=False)
    gone: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """The window as the person before the screen sees it."""

    expires_s: int
    tries_left: int
    asking: Asking | None
    confirmed: bool


@dataclass(slots=True)
class _Window:
    ends_ms: int
    code_hash: bytes
    tries_left: int = PAIRING_TRIES_MAX
    asking: Asking | None = None
    terminal: Terminal | None = None
    token: str = ""
    released: bool = False


class Pairing:
    """One window at a time; safe to call from any thread."""

    def __init__(
        self,
        terminals: Terminals,
        clock: Clock,
        ids: IdSource,
        tell: Callable[[Seen | None], None] = lambda _seen: None,
    ) -> None:
        self.terminals = terminals
        self._clock = clock
        self._ids = ids
        self._tell = tell
        self._lock = threading.Lock()
        self._window: _Window | None = None

    @property
    def open(self) -> bool:
        """Whether a terminal may ask now, or one that asked may collect."""
        window = self._window
        if window is None or self._now_ms() >= window.ends_ms:
            return False
        terminal = window.terminal
        return not window.released or terminal is None or self._waits_for_use(terminal)

    def begin(self) -> Opened:
        """Open a window for ten minutes; an earlier one closes."""
        code = "".join(ALPHABET[byte & 31] for byte in self._ids.random_bytes(CODE_CHARS))
        with self._lock:
            self._window = _Window(self._now_ms() + PAIRING_WINDOW_S * 1_000, hash_of(code))
        self._told()
        return Opened(f"{code[:4]}-{code[4:]}", PAIRING_WINDOW_S)

    def ask(self, code: str, wish: Wish) -> Asking:
        """Let a terminal that knows the code stand before the operator; the code is used up.

        Raises Faults PAIRING_CLOSED, PAIRING_TAKEN, PAIRING_CODE_WRONG.
        """
        with self._lock:
            window = self._current()
            if window.asking is not None:
                raise Fault(FaultCode.PAIRING_TAKEN)
            typed = code.upper().translate(_READ_AS)
            if not hmac.compare_digest(window.code_hash, hash_of(typed)):
                window.tries_left -= 1
                if not window.tries_left:
                    self._window = None
                raise Fault(FaultCode.PAIRING_CODE_WRONG, tries_left=window.tries_left)
            number = int.from_bytes(self._ids.random_bytes(4), "big") % CHECK_NUMBERS
            asking = Asking(self._ids.uuid7(), wish, f"{number:04d}", new_token(self._ids))
            window.asking = asking
        self._told()
        return asking

    def seen(self) -> Seen | None:
        """Return the window as it stands; None when it is closed."""
        window = self._window
        left_ms = 0 if window is None else window.ends_ms - self._now_ms()
        if window is None or left_ms <= 0:
            return None
        return Seen(
            -(-left_ms // 1_000), window.tries_left, window.asking, window.terminal is not None
        )

    def confirm(self, request_id: UUID, grant: Grant) -> Terminal:
        """Say yes to the terminal seen; raises PAIRING_CLOSED, API_NOT_FOUND, API_BODY_INVALID."""
        with self._lock:
            window = self._current()
            asking = window.asking
            if asking is None or asking.request_id != request_id:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"pairing {request_id}")
            if window.terminal is None:
                window.token = new_token(self._ids)
                window.terminal = self._made(asking, grant, window.token)
            made = window.terminal
        self._told()
        return made

    def close(self) -> None:
        """Close the window: whoever asked is refused."""
        with self._lock:
            self._window = None
        self._told()

    def collect(self, claim: str) -> Released | None:
        """Release the token to who asked; None while nobody has said yes.

        A lost answer may be asked for again until the token is first used or the window ends.
        Raises Fault PAIRING_CLOSED, and PAIRING_FULL.
        """
        with self._lock:
            window = self._current()
            asking = window.asking
            if asking is None or not hmac.compare_digest(hash_of(asking.claim), hash_of(claim)):
                raise Fault(FaultCode.PAIRING_CLOSED)
            terminal = window.terminal
            if terminal is None:
                return None
            if not window.released:
                gone = self.terminals.add(terminal)
                window.released = True
                return Released(terminal, window.token, gone)
            if not self._waits_for_use(terminal):
                self._window = None
                raise Fault(FaultCode.PAIRING_CLOSED)
            return Released(terminal, window.token)

    # ---- inside ---------------------------------------------------------------------------------

    def _waits_for_use(self, terminal: Terminal) -> bool:
        held = {one.terminal_id: one for one in self.terminals.all()}.get(terminal.terminal_id)
        return held is not None and held.seen_ms is None

    def _made(self, asking: Asking, grant: Grant, token: str) -> Terminal:
        wish = asking.wish
        till = grant.till or wish.till
        if wish.kind is Kind.TILL and till is None:
            raise Fault(FaultCode.API_BODY_INVALID, detail=WHICH_TILL)
        return Terminal(
            terminal_id=self._ids.uuid7(),
            kind=wish.kind,
            name=wish.name,
            scopes=granted(wish.kind, grant.scopes),
            token_hash=hash_of(token),
            paired_ms=self._clock.now().wall_ms,
            paired_by=grant.by,
            till=till if wish.kind is Kind.TILL else None,
            lane=None if wish.kind is Kind.TILL else grant.lane or wish.lane,
            origins=(wish.origin,) if wish.origin else (),
        )

    def _current(self) -> _Window:
        window = self._window
        if window is None or self._now_ms() >= window.ends_ms:
            self._window = None
            raise Fault(FaultCode.PAIRING_CLOSED)
        return window

    def _now_ms(self) -> int:
        return self._clock.now().mono_ms

    def _told(self) -> None:
        self._tell(self.seen())

"""Pairing by a short code: one use, few tries, ten minutes, and no token before a person's yes."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.terminals import SCOPES, Kind, Scope, Terminal
from edge_agent.ports.documents import Documents
from edge_agent.services.box.pairing import ALPHABET, Asking, Grant, Pairing, Wish
from edge_agent.services.box.terminals import DOCUMENT, SEEN_EVERY_MS, Terminals, hash_of
from retail_core.errors import Fault
from retail_core.limits import PAIRING_TRIES_MAX, PAIRING_WINDOW_S, TERMINALS_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.ids import FakeIdSource

MANAGER, TILL = UUID(int=8), UUID(int=5)
WISH = Wish("2号收银台", Kind.TILL, origin="https://pos.example.cn", address="192.0.2.7", till=TILL)


class FullDocuments(FakeDocuments):
    """A disk that takes nothing while it is full."""

    full = False

    def put(self, name: str, document: dict[str, object]) -> None:
        if self.full:
            raise Fault(FaultCode.DISK_FULL)
        super().put(name, document)


class DamagedDocuments(FakeDocuments):
    """A file of which neither copy is whole."""

    def get(self, name: str) -> dict[str, object] | None:
        raise Fault(FaultCode.DISK_DOCUMENT_CORRUPT, name=name)


class Desk:
    """A pairing desk over fakes."""

    def __init__(self, documents: Documents | None = None) -> None:
        self.clock = FakeClock()
        self.documents = documents or FakeDocuments()
        self.tally = FaultTally()
        self.terminals = Terminals(self.documents, self.clock, FakeIdSource(), self.tally)
        self.told: list[bool] = []
        self.pairing = Pairing(
            self.terminals,
            self.clock,
            FakeIdSource(),
            lambda seen: self.told.append(seen is not None),
        )

    def asked(self, wish: Wish = WISH) -> Asking:
        return self.pairing.ask(self.pairing.begin().code, wish)

    def paired(self, wish: Wish = WISH, grant: Grant | None = None) -> tuple[Terminal, str]:
        asking = self.asked(wish)
        self.pairing.confirm(asking.request_id, grant or Grant(MANAGER))
        released = self.pairing.collect(asking.claim)
        assert released is not None
        return released.terminal, released.token

    def again(self) -> Terminals:
        """What the next start of the program reads."""
        return Terminals(self.documents, self.clock, FakeIdSource(), self.tally)


def code_of(caught: pytest.ExceptionInfo[Fault]) -> FaultCode:
    return caught.value.code


def test_a_terminal_is_paired_after_a_persons_yes() -> None:
    desk = Desk()
    opened = desk.pairing.begin()
    assert opened.expires_s == PAIRING_WINDOW_S
    assert opened.code not in repr(opened)
    asking = desk.pairing.ask(opened.code, WISH)
    assert asking.claim not in repr(asking)
    assert desk.pairing.collect(asking.claim) is None, "nobody has said yes"
    assert desk.terminals.all() == ()
    seen = desk.pairing.seen()
    assert seen is not None
    assert seen.asking == asking
    desk.pairing.confirm(asking.request_id, Grant(MANAGER))
    assert desk.terminals.all() == (), "nothing stands on the disk before it is collected"
    released = desk.pairing.collect(asking.claim)
    assert released is not None
    held = desk.terminals.holder(hash_of(released.token))
    assert held is not None
    assert (held.name, held.till, held.origins) == (WISH.name, TILL, ("https://pos.example.cn",))
    assert held.scopes == SCOPES[Kind.TILL]
    assert released.token not in str(desk.documents.get(DOCUMENT))
    assert desk.again().holder(hash_of(released.token)) is not None
    assert desk.told == [True, True, True]


def test_five_wrong_codes_close_the_window() -> None:
    desk = Desk()
    code = desk.pairing.begin().code
    for left in reversed(range(PAIRING_TRIES_MAX)):
        with pytest.raises(Fault) as caught:
            desk.pairing.ask("0000-0000" if code != "0000-0000" else "1111-1111", WISH)
        assert caught.value.fields == {"tries_left": left}
    with pytest.raises(Fault) as caught:
        desk.pairing.ask(code, WISH)
    assert code_of(caught) is FaultCode.PAIRING_CLOSED
    assert desk.pairing.seen() is None


def test_a_code_is_used_once() -> None:
    desk = Desk()
    code = desk.pairing.begin().code
    desk.pairing.ask(code, WISH)
    with pytest.raises(Fault) as caught:
        desk.pairing.ask(code, replace(WISH, name="intruder"))
    assert code_of(caught) is FaultCode.PAIRING_TAKEN


def test_a_window_ends_by_itself_and_by_the_next() -> None:
    desk = Desk()
    old = desk.pairing.begin().code
    new = desk.pairing.begin().code
    assert old != new
    with pytest.raises(Fault) as caught:
        desk.pairing.ask(old, WISH)
    assert code_of(caught) is FaultCode.PAIRING_CODE_WRONG
    desk.clock.advance(PAIRING_WINDOW_S * 1_000 - 1)
    assert desk.pairing.open
    desk.clock.advance(1)
    assert desk.pairing.seen() is None
    with pytest.raises(Fault) as caught:
        desk.pairing.ask(new, WISH)
    assert code_of(caught) is FaultCode.PAIRING_CLOSED


def test_who_is_refused_gets_nothing() -> None:
    desk = Desk()
    asking = desk.asked()
    desk.pairing.close()
    with pytest.raises(Fault) as caught:
        desk.pairing.collect(asking.claim)
    assert code_of(caught) is FaultCode.PAIRING_CLOSED
    asking = desk.asked()
    desk.pairing.confirm(asking.request_id, Grant(MANAGER))
    for claim in ("", "0" * 64, desk.asked().claim[::-1]):
        with pytest.raises(Fault):
            desk.pairing.collect(claim)
    with pytest.raises(Fault) as caught:
        desk.pairing.confirm(UUID(int=1), Grant(MANAGER))
    assert code_of(caught) is FaultCode.API_NOT_FOUND


def test_a_lost_answer_may_be_asked_for_until_the_token_is_used() -> None:
    desk = Desk()
    asking = desk.asked()
    desk.pairing.confirm(asking.request_id, Grant(MANAGER))
    desk.pairing.confirm(asking.request_id, Grant(MANAGER))
    first, second = desk.pairing.collect(asking.claim), desk.pairing.collect(asking.claim)
    assert first is not None
    assert second is not None
    assert first.token == second.token
    before = desk.pairing.open
    desk.terminals.holder(hash_of(first.token))
    assert (before, desk.pairing.open) == (True, False), "no page may knock any more"
    for _ in range(2):
        with pytest.raises(Fault):
            desk.pairing.collect(asking.claim)


def test_a_full_disk_keeps_the_token_until_it_has_room() -> None:
    documents = FullDocuments()
    desk = Desk(documents)
    asking = desk.asked()
    desk.pairing.confirm(asking.request_id, Grant(MANAGER))
    documents.full = True
    with pytest.raises(Fault) as caught:
        desk.pairing.collect(asking.claim)
    assert code_of(caught) is FaultCode.DISK_FULL
    documents.full = False
    assert desk.pairing.collect(asking.claim) is not None


def test_less_may_be_given_and_never_more() -> None:
    desk = Desk()
    chosen = frozenset({Scope.SELL, Scope.LEDGER})
    terminal, _ = desk.paired(grant=Grant(MANAGER, chosen))
    assert terminal.scopes == {Scope.SELF, Scope.SELL}
    display, _ = desk.paired(
        Wish("顾客屏", Kind.DISPLAY, lane="a"), Grant(MANAGER, frozenset(Scope))
    )
    assert display.scopes == {Scope.SELF, Scope.EVENTS}
    assert (display.till, display.lane) == (None, "a")


def test_a_till_says_what_it_sells_for() -> None:
    desk = Desk()
    asking = desk.asked(replace(WISH, till=None))
    with pytest.raises(Fault) as caught:
        desk.pairing.confirm(asking.request_id, Grant(MANAGER))
    assert code_of(caught) is FaultCode.API_BODY_INVALID
    assert desk.pairing.confirm(asking.request_id, Grant(MANAGER, till=TILL)).till == TILL


def test_the_same_machine_takes_its_own_place() -> None:
    desk = Desk()
    first, old = desk.paired()
    other, _ = desk.paired(replace(WISH, name="3号"))
    asking = desk.asked()
    desk.pairing.confirm(asking.request_id, Grant(MANAGER))
    released = desk.pairing.collect(asking.claim)
    assert released is not None
    assert released.gone == (first.terminal_id,)
    assert desk.terminals.holder(hash_of(old)) is None
    assert desk.terminals.holds(other.terminal_id)
    assert len(desk.again().all()) == 2


def test_a_revoked_token_is_gone_from_the_disk_too() -> None:
    desk = Desk()
    terminal, token = desk.paired()
    assert desk.terminals.revoke(terminal.terminal_id).name == WISH.name
    for terminals in (desk.terminals, desk.again()):
        assert terminals.holder(hash_of(token)) is None
    with pytest.raises(Fault) as caught:
        desk.terminals.revoke(terminal.terminal_id)
    assert code_of(caught) is FaultCode.API_NOT_FOUND


def test_the_old_token_counts_until_the_new_one_is_used() -> None:
    documents = FullDocuments()
    desk = Desk(documents)
    terminal, old = desk.paired()
    lost = desk.terminals.renew(terminal.terminal_id)
    new = desk.terminals.renew(terminal.terminal_id)
    assert desk.terminals.holder(hash_of(old)) is not None
    assert desk.terminals.holder(hash_of(lost)) is None
    documents.full = True
    assert desk.terminals.holder(hash_of(new)) is not None, "a full disk locks nobody out"
    documents.full = False
    assert desk.terminals.holder(hash_of(new)) is not None
    assert desk.terminals.holder(hash_of(old)) is None
    again = desk.again()
    assert again.holder(hash_of(new)) is not None
    assert again.holder(hash_of(old)) is None


def test_terminals_are_bounded() -> None:
    desk = Desk()
    for number in range(TERMINALS_MAX):
        desk.paired(replace(WISH, name=f"till {number}"))
    with pytest.raises(Fault) as caught:
        desk.paired(replace(WISH, name="one more"))
    assert code_of(caught) is FaultCode.PAIRING_FULL
    desk.paired(replace(WISH, name="till 3"))


def test_when_a_terminal_was_seen_is_written_down_by_the_hour() -> None:
    desk = Desk()
    _, token = desk.paired()
    desk.terminals.holder(hash_of(token))
    desk.terminals.tend()
    first = desk.again().all()[0].seen_ms
    assert first == desk.clock.now().wall_ms
    desk.clock.advance(SEEN_EVERY_MS - 1)
    desk.terminals.holder(hash_of(token))
    desk.terminals.tend()
    assert desk.again().all()[0].seen_ms == first
    assert desk.terminals.all()[0].seen_ms == desk.clock.now().wall_ms


def test_a_damaged_file_forgets_the_pairings_and_nothing_else() -> None:
    desk = Desk(DamagedDocuments())
    assert desk.terminals.all() == ()
    assert desk.tally.snapshot() == {FaultCode.DISK_DOCUMENT_CORRUPT: 1}


@given(st.text(alphabet=ALPHABET, min_size=8, max_size=8))
def test_a_code_is_read_as_people_write_it(code: str) -> None:
    """`O` for 0, `l` for 1, in lower case, with or without the dash."""

    class Fixed(FakeIdSource):
        def random_bytes(self, count: int) -> bytes:
            if count == len(code):
                return bytes(ALPHABET.index(char) for char in code)
            return super().random_bytes(count)

    desk = Desk()
    desk.pairing = Pairing(desk.terminals, desk.clock, Fixed())
    shown = desk.pairing.begin().code
    assert shown.replace("-", "") == code
    desk.pairing.ask(shown.replace("0", "O").replace("1", "l").lower(), WISH)

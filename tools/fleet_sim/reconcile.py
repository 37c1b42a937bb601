"""Every store against the cloud: what the tills heard, what the journals hold, what was booked.

Read with the database's own superuser over its socket, past row-level security and past the code
under test. A sale the till heard "ok" for has to stand in the cloud exactly once, whatever happened
to journals and lines; a replica has to hold every member at the cloud's version and balance.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from retail_core.loyalty.postings import EARN, member_account
from tools.fleet_sim import oks
from tools.fleet_sim.spec import Fleet, Told
from tools.fleet_sim.states import StoreState

SHOWN_MAX = 5


@dataclass(slots=True)
class Verdict:
    """What was compared, and what was found wrong; a run without a wrong is good."""

    told: int = 0
    receipts: int = 0
    events: int = 0
    replicas: int = 0
    repairs: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    doubled: int = 0
    negative: int = 0
    wrong_balance: int = 0
    stale_replica: int = 0
    waiting: int = 0
    broken_chains: int = 0
    unheard: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing is lost, doubled, negative or different."""
        return not any(
            (
                *(self.lost, self.doubled, self.negative, self.wrong_balance),
                *(self.stale_replica, self.waiting, self.broken_chains),
            )
        )

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"good": self.good, **asdict(self)}

    def note(self, what: str, found: Iterable[object]) -> int:
        """Count what is wrong and keep a few examples."""
        wrong = list(found)
        self.examples += [f"{what}: {one}" for one in wrong[:SHOWN_MAX]]
        return len(wrong)


def reconcile(dsn: str, fleet: Fleet, folder: Path, tills: Path) -> Verdict:
    """Compare everything: states of boxes in `folder`, what tills heard in `tills`."""
    told = list(oks.read(tills))
    states = list(_states(folder))
    verdict = Verdict(told=len(told))
    with psycopg.connect(dsn) as connection:
        _sales(connection, fleet.tenant, told, verdict)
        _events(connection, fleet.tenant, states, verdict)
        _balances(connection, fleet, told, verdict)
        _replicas(connection, fleet, states, verdict)
        verdict.repairs = {
            f"{kind} {code}": count
            for kind, code, count in connection.execute(
                "select kind, code, count(*) from repair_queue where tenant_id = %s group by 1, 2",
                (fleet.tenant,),
            )
        }
    return verdict


def _sales(
    connection: psycopg.Connection, tenant: UUID, told: Sequence[Told], verdict: Verdict
) -> None:
    """Each sale told ok is one receipt; whoever was not told ok may still be there, once."""
    rows = connection.execute("select receipt_id from receipt where tenant_id = %s", (tenant,))
    held = Counter(receipt for (receipt,) in rows)
    verdict.receipts = sum(held.values())
    verdict.lost += verdict.note("lost sale", (one for one in told if one.receipt not in held))
    verdict.doubled += verdict.note("doubled receipt", (r for r, n in held.items() if n > 1))
    known = {one.receipt for one in told}
    verdict.unheard = sum(receipt not in known for receipt in held)


def _events(
    connection: psycopg.Connection, tenant: UUID, states: Sequence[StoreState], verdict: Verdict
) -> None:
    """Each journalled event stands once in the cloud's log, and nothing waits any more."""
    rows = connection.execute("select event_id from event_log where tenant_id = %s", (tenant,))
    logged = Counter(event for (event,) in rows)
    verdict.events = sum(logged.values())
    verdict.doubled += verdict.note("doubled event", (e for e, n in logged.items() if n > 1))
    verdict.lost += verdict.note(
        "lost event", (e for state in states for e in state.events if e not in logged)
    )
    verdict.waiting = sum(state.depth for state in states)
    verdict.broken_chains = verdict.note(
        "chain", (f"store {s.store}: {s.broken}" for s in states if s.broken)
    )


def _balances(
    connection: psycopg.Connection, fleet: Fleet, told: Sequence[Told], verdict: Verdict
) -> None:
    """Compare balances with postings and with what the sales brought; none may be below 0."""
    tenant = fleet.tenant
    wrong = connection.execute(
        "with moved as ("
        " select account, sum(points) as points from ("
        "  select credit as account, points from posting where tenant_id = %(tenant)s union all"
        "  select debit, -points from posting where tenant_id = %(tenant)s) as way"
        " group by account)"
        " select coalesce(a.account, m.account), a.balance, m.points from moved m"
        " full join (select * from account where tenant_id = %(tenant)s) a using (account)"
        " where coalesce(a.balance, 0) <> coalesce(m.points, 0)",
        {"tenant": tenant},
    ).fetchall()
    verdict.wrong_balance += verdict.note("balance", wrong)
    below = connection.execute(
        "select account, balance from account where tenant_id = %s and balance < 0"
        " and account like 'member:%%' and account not like '%%:owed'",
        (tenant,),
    ).fetchall()
    verdict.negative = verdict.note("negative", below)
    earned: Counter[UUID] = Counter()
    for event, points in connection.execute(
        "select event_id, sum(points) from posting where tenant_id = %s and kind = %s"
        " group by event_id",
        (tenant, EARN),
    ):
        earned[event] = int(points)
    verdict.wrong_balance += verdict.note(
        "points of a sale",
        (f"{one} booked {earned[one.event]}" for one in told if earned[one.event] != one.points),
    )


def _replicas(
    connection: psycopg.Connection, fleet: Fleet, states: Sequence[StoreState], verdict: Verdict
) -> None:
    """Every store holds her at the cloud's version and balance."""
    tenant = fleet.tenant
    free = {
        str(account): int(balance)
        for account, balance in connection.execute(
            "select account, balance from account where tenant_id = %s and account like %s",
            (tenant, "member:%:free"),
        )
    }
    cloud = {
        member: (int(ver), free.get(member_account(wallet, "free"), 0))
        for member, wallet, ver in connection.execute(
            "select member_id, wallet_id, ver from member"
            " where tenant_id = %s and member_id = any(%s)",
            (tenant, [one.member for spec in fleet.stores for one in spec.members]),
        )
    }
    held = {(s.store, one.member): (one.ver, one.free) for s in states for one in s.held}
    verdict.replicas = len(held)
    verdict.stale_replica = verdict.note("replica", _stale(fleet, cloud, held, states))


def _stale(
    fleet: Fleet,
    cloud: dict[UUID, tuple[int, int]],
    held: dict[tuple[int, UUID], tuple[int, int]],
    states: Sequence[StoreState],
) -> Iterator[str]:
    there = {state.store for state in states}
    for spec in fleet.stores:
        if spec.number not in there:
            yield f"store {spec.number} said nothing"
            continue
        for one, home in ((m, True) for m in spec.members):
            yield from _differs(spec.number, one.member, cloud, held, home=home)
        for one in spec.visitors:
            yield from _differs(spec.number, one.member, cloud, held, home=False)


def _differs(
    store: int,
    member: UUID,
    cloud: dict[UUID, tuple[int, int]],
    held: dict[tuple[int, UUID], tuple[int, int]],
    *,
    home: bool,
) -> Iterator[str]:
    """Compare one; a visitor of whom nothing changed since she was let in is not there yet."""
    here, there = held.get((store, member)), cloud.get(member)
    if here != there and (here is not None or home):
        yield f"store {store} member {member}: holds {here}, cloud {there}"


def _states(folder: Path) -> Iterator[StoreState]:
    for path in sorted(folder.glob("states-*.json")):
        yield from msgspec.json.decode(path.read_bytes(), type=list[StoreState])

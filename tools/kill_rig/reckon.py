"""Shop against cloud: what tills were told, what boxes hold, what is booked."""

from dataclasses import dataclass, field
from typing import Any

import psycopg

from tools.demo.client import wait_until
from tools.kill_rig.site import Shop, Site

DRAIN_S = 150.0
NAMED_MAX = 5


@dataclass(slots=True)
class Verdict:
    """What a comparison came to; all zero is what is asked for."""

    told: int = 0
    booked: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    negative: int = 0
    contradictions: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        wrong = (self.lost, self.doubled, self.different, self.contradictions)
        return not any(wrong) and not self.negative

    def told_as(self) -> dict[str, Any]:
        """Return it for a report: counts, and a few of each kind."""
        named = {
            "lost": self.lost,
            "doubled": self.doubled,
            "different": self.different,
            "contradictions": self.contradictions,
        }
        counts: dict[str, Any] = {"told": self.told, "booked": self.booked}
        counts |= {name: len(some) for name, some in named.items()}
        counts["negative_balances"] = self.negative
        counts["examples"] = {name: some[:NAMED_MAX] for name, some in named.items() if some}
        return counts


def drained(site: Site) -> list[str]:
    """Wait until every box has told the cloud everything; return those that did not."""
    late = []
    for shop in site.shops:
        try:
            wait_until(DRAIN_S, f"{shop.name} to drain", shop.drained)
        except TimeoutError as error:
            late.append(str(error))
    return late


def reckon(site: Site) -> Verdict:
    """Compare every shop with the cloud; nothing is sold meanwhile."""
    verdict = Verdict(contradictions=[*drained(site), *_booked(site)])
    with psycopg.connect(site.dsn) as database:
        for shop in site.shops:
            _compare(shop, _receipts(database, shop), verdict)
        verdict.doubled += [f"event {row[0]}" for row in _rows(database, _TWICE)]
        verdict.negative = _rows(database, _NEGATIVE)[0][0]
        verdict.different += [
            f"account {account}: {held} held, {posted} posted"
            for account, held, posted in _rows(database, _BALANCES)
        ]
    return verdict


def _booked(site: Site) -> list[str]:
    """Wait until ingest has booked what it acknowledged as durable; return what it has not."""

    def none_waits() -> bool:
        site.cloud.keep()
        try:
            with psycopg.connect(site.dsn) as database:
                return bool(_rows(database, _WAITING)[0][0] == 0)
        except psycopg.OperationalError:
            return False

    try:
        wait_until(DRAIN_S, "what is durable to be booked", none_waits, pause_s=0.2)
    except TimeoutError as error:
        return [str(error)]
    return []


_WAITING = "select count(*) from frame_waiting"
_TWICE = "select event_id from event_log group by tenant_id, event_id having count(*) > 1"
_NEGATIVE = "select count(*) from account where account like 'member:%%' and balance < 0"
_BALANCES = """
select a.account, a.balance, coalesce(p.points, 0)
from account a left join (
  select account, sum(points) as points from (
    select credit as account, points from posting
    union all select debit, -points from posting
  ) moves group by account
) p using (account)
where a.account like 'member:%%' and a.balance <> coalesce(p.points, 0)
"""


def _rows(database: psycopg.Connection[Any], query: str, *values: Any) -> list[Any]:
    return database.execute(query.encode(), values or None).fetchall()


def _receipts(database: psycopg.Connection[Any], shop: Shop) -> dict[str, tuple[int, int]]:
    query = "select receipt_id, total_fen, points from receipt where store_id = %s"
    rows = _rows(database, query, shop.store_id)
    return {str(receipt): (fen, points) for receipt, fen, points in rows}


def _compare(shop: Shop, booked: dict[str, tuple[int, int]], verdict: Verdict) -> None:
    told = shop.till.told
    verdict.told += len(told)
    verdict.booked += len(booked)
    verdict.contradictions += [f"{shop.name} {one}" for one in shop.till.contradictions]
    by_receipt = {one.receipt: one for one in told.values()}
    if len(by_receipt) < len(told):
        verdict.doubled.append(f"{shop.name}: one receipt for two keys")
    for receipt, one in by_receipt.items():
        there = booked.get(receipt)
        if there is None:
            verdict.lost.append(f"{shop.name} {receipt}")
        elif there != (one.total_fen, one.points):
            verdict.different.append(f"{shop.name} {receipt}: told {one}, booked {there}")
    # A sale that no till was told of would be a second one for the same key.
    extra = booked.keys() - by_receipt.keys()
    verdict.doubled += [f"{shop.name} {receipt}" for receipt in extra]

"""The long works on a draft of rules, as a process of its own does them: bytes in, bytes out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from retail_core.catalog.article import Article
from retail_core.pricing.linting.lint import UNITS_MAX
from retail_core.pricing.linting.lint import lint as find
from retail_core.pricing.linting.worst_baskets import Limits
from retail_core.pricing.proof.document import basket_file, member_file
from retail_core.pricing.rehearsal.replay import Rehearsal, Tally, merge
from retail_core.pricing.rehearsal.sold import SoldBasket
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.context import MemberContext


class Finding(msgspec.Struct, frozen=True):
    """One of the linter's, kept: `fields` fill its text, the basket shows it."""

    severity: str
    kind: str
    rules: tuple[str, ...]
    fields: dict[str, Any]
    basket: dict[str, Any] | None = None
    member: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LintTask:
    """A draft to be looked at, with what is sold and what receipts came to."""

    draft: bytes
    articles: tuple[Article, ...]
    sums_fen: Counter[int]
    max_off_permille: int | None = None


@dataclass(frozen=True, slots=True)
class ReplayTask:
    """Receipts to be priced under a draft, and under older rules unless `against` is None."""

    draft: bytes
    against: bytes | None
    receipts: tuple[SoldBasket, ...]
    members: Mapping[str, MemberContext]


Task = LintTask | ReplayTask
findings = msgspec.json.Decoder(tuple[Finding, ...])
tallies = msgspec.json.Decoder(Tally)


def work(task: Task) -> bytes:
    """Do a piece: findings as JSON, or the tally of the receipts as JSON (Fault P107)."""
    return _lint(task) if isinstance(task, LintTask) else _replay(task)


def added(whole: bytes, part: bytes) -> bytes:
    """Return the tally of two parts."""
    total = tallies.decode(whole) if whole else Tally()
    merge(total, tallies.decode(part))
    return msgspec.json.encode(total)


def _lint(task: LintTask) -> bytes:
    found = find(
        parse_bundle(task.draft),
        task.articles,
        task.sums_fen,
        Limits(UNITS_MAX, task.max_off_permille),
    )
    kept = []
    for one in found:
        shown = one.shown
        basket = None if shown is None else _bare(msgspec.to_builtins(basket_file(shown)))
        member = None if shown is None else _bare(msgspec.to_builtins(member_file(shown.member)))
        kept.append(
            Finding(one.severity, one.kind, one.rules, dict(one.fields), basket, member or None)
        )
    return msgspec.json.encode(kept)


def _replay(task: ReplayTask) -> bytes:
    rehearsal, tally = _rehearsal(task.draft, task.against), Tally()
    for sold in task.receipts:
        rehearsal.add(tally, sold, task.members.get(sold.member))
    return msgspec.json.encode(tally)


@lru_cache(maxsize=1)
def _rehearsal(draft: bytes, against: bytes | None) -> Rehearsal:
    """Return what prices a draft, made once for all pieces of a rehearsal."""
    return Rehearsal(parse_bundle(draft), None if against is None else parse_bundle(against))


def _bare(value: Any) -> Any:
    """Return a file without what says nothing."""
    if isinstance(value, list | tuple):
        return [_bare(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _bare(entry) for name, entry in value.items()}
    return {name: entry for name, entry in inner.items() if entry not in ("", 0, [], {}, None)}

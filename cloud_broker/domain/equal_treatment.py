"""Is everybody charged alike: under the same conditions the same price, by published rules alone.

What a price was asked for stands in each sale: what was in the basket at which shelf prices, the
member's tier, groups and tags as far as rules ask for them, and the rules by their hash. Two sales
that agree in all of that have to cost the same. The hour, what was left of a budget and of stock
may differ between two customers and still be a rule's own condition: such pairs are counted apart.
"""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from uuid import UUID

import msgspec

from cloud_broker.domain.guessed_tags import guesses_in
from retail_core.pricing.proof.depends import rules_of
from retail_core.pricing.rules.bundle import SIGNATURE_BYTES, bundle_hash, parse_bundle
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.wire.messages import PricedFor, Sale

FINDINGS_MAX = 1_000
DIFFERS, UNPUBLISHED, GUESS = "differs", "unpublished", "guess"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not equal: a pair that differs, a rule nobody published, a guess in a price."""

    kind: str
    day: date
    store: str
    receipt: str
    other: str
    fen: int
    other_fen: int
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found; `compared` sales had one before them under the same conditions."""

    first: date
    last: date
    receipts: int
    priced: int
    compared: int
    explained: int
    differing: int
    unpublished: int
    guesses: int
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether everybody was charged alike."""
        return not (self.differing or self.unpublished or self.guesses)


@dataclass(frozen=True, slots=True)
class _Priced:
    receipt: UUID
    store: str
    total_fen: int
    facts: PricedFor


@dataclass
class Audit:
    """Takes sales a day after the other; `rules` finds a bundle as it was signed."""

    first: date
    last: date
    receipts: int = 0
    priced: int = 0
    compared: int = 0
    explained: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    _day: date | None = None
    _held: dict[bytes, _Priced] = field(default_factory=dict)
    _bundles: dict[bytes, RuleBundle | None] = field(default_factory=dict)

    def knows(self, digest: bytes) -> bool:
        """Return whether the rules of a hash were looked for already."""
        return digest in self._bundles

    def learn(self, sale: Sale, signed: bytes | None, day: date, store: str) -> None:
        """Take the rules that a sale names, and look for guesses in their prices."""
        bundle = None
        if signed is not None and bundle_hash(signed[SIGNATURE_BYTES:]) == sale.bundle_hash:
            bundle = parse_bundle(signed[SIGNATURE_BYTES:])
        self._bundles[sale.bundle_hash] = bundle
        for rule, tag in () if bundle is None else guesses_in(bundle):
            detail = f"v{sale.bundle_version} {rule}: {tag}"
            self._note(Finding(GUESS, day, store, "", "", 0, 0, detail))

    def take(self, receipt: UUID, sale: Sale, day: date, store: str) -> None:
        """Compare one sale with those of its day before it."""
        if day != self._day:
            self._day, self._held = day, {}
        self.receipts += 1
        bundle = self._bundles.get(sale.bundle_hash)
        taken = {rule for line in sale.lines for rule, _ in line.offers}
        known = frozenset() if bundle is None else {rule.id for rule in rules_of(bundle)}
        for rule in sorted(taken - known):
            self._note(Finding(UNPUBLISHED, day, store, str(receipt), "", sale.total_fen, 0, rule))
        if sale.priced_for is None:
            return
        self.priced += 1
        now = _Priced(receipt, store, sale.total_fen, sale.priced_for)
        before = self._held.setdefault(conditions(sale), now)
        if before is now:
            return
        self.compared += 1
        if before.total_fen == now.total_fen:
            return
        if _beside(before.facts) != _beside(now.facts):
            self.explained += 1
            return
        self._note(
            Finding(
                DIFFERS,
                day,
                store,
                str(receipt),
                str(before.receipt),
                now.total_fen,
                before.total_fen,
                sale.solver_status,
            )
        )

    def report(self) -> Report:
        """Return what was found."""
        return Report(
            self.first,
            self.last,
            self.receipts,
            self.priced,
            self.compared,
            self.explained,
            self.counts[DIFFERS],
            self.counts[UNPUBLISHED],
            self.counts[GUESS],
            tuple(self.findings),
        )

    def _note(self, finding: Finding) -> None:
        self.counts[finding.kind] += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(finding)


def conditions(sale: Sale) -> bytes:
    """Return the hash of all that a price is asked for, but the hour and what is left of things."""
    facts = sale.priced_for or PricedFor(0)
    asked = msgspec.structs.replace(
        facts,
        opened_min=0,
        # Whether she lets guesses be made of her is no condition of a price.
        personal=True,
        store_used=(),
        campaigns=(),
        stock=(),
        tags=tuple(sorted(facts.tags)),
        groups=tuple(sorted(facts.groups)),
    )
    lines = sorted((one.sku, one.qty_milli, one.shelf_fen) for one in sale.lines)
    coupon = "" if sale.coupon is None else sale.coupon.rule
    said = (sale.bundle_hash, asked, lines, coupon)
    return sha256(msgspec.msgpack.encode(said)).digest()


def _beside(facts: PricedFor) -> tuple[object, ...]:
    return facts.opened_min, facts.store_used, facts.campaigns, facts.stock


def as_values(report: Report) -> Mapping[str, object]:
    """Return a report as plain values."""
    return {
        "from": report.first.isoformat(),
        "to": report.last.isoformat(),
        "clean": report.clean,
        "receipts": report.receipts,
        "priced": report.priced,
        "compared": report.compared,
        "explained": report.explained,
        "differing": report.differing,
        "unpublished": report.unpublished,
        "guesses": report.guesses,
        "findings": [
            {
                "kind": one.kind,
                "day": one.day.isoformat(),
                "store": one.store,
                "receipt": one.receipt,
                "other": one.other,
                "fen": one.fen,
                "other_fen": one.other_fen,
                "detail": one.detail,
            }
            for one in report.findings
        ],
    }


def as_csv(report: Report) -> str:
    """Return the findings as CSV, a row each; words that a sheet would reckon are kept words."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["kind", "day", "store", "receipt", "other", "fen", "other_fen", "detail"])
    for one in report.findings:
        words = [one.kind, one.day.isoformat(), one.store, one.receipt, one.other]
        rows.writerow([*map(_plain, words), one.fen, one.other_fen, _plain(one.detail)])
    return out.getvalue()


def _plain(word: str) -> str:
    return f"'{word}" if word[:1] in {"=", "+", "-", "@"} else word

"""What each person is expected to spend within a year, kept for campaigns' budgets.

It brings in the models of lifetime value and with them numpy and scipy: commands import it, the
service does not.
"""

from datetime import date
from uuid import UUID

import numpy as np

from cloud_broker.ports.unit import Units
from retail_core.insight.ltv.report import Plan, work_out
from retail_core.insight.ltv.summary import merge_days

_FEN = 100


def reckon_worth(units: Units, tenant: UUID, today: date) -> dict[str, int]:
    """Fit the model to every order of members and keep the value of each; Faults E107, E109."""
    with units.begin(tenant) as unit:
        rows = sorted(unit.campaigns.purchases())
    people = sorted({person for person, _, _ in rows})
    numbers = {person: number for number, person in enumerate(people)}
    cleaned = merge_days(
        np.array([numbers[person] for person, _, _ in rows], dtype=np.int64),
        np.array([day.toordinal() for _, day, _ in rows], dtype=np.int64),
        np.array([fen / _FEN for _, _, fen in rows], dtype=np.float64),
    )
    log = cleaned.purchases
    # A day that is not over yet is not known.
    report = work_out(log, Plan(until=min(today.toordinal(), int(log.day.max(initial=1)))))
    expected: list[tuple[UUID, int]] = []
    if report.values is not None:
        pairs = zip(report.summary.who.tolist(), report.values.value.tolist(), strict=True)
        expected = [(people[int(cleaned.who[who])], round(value * _FEN)) for who, value in pairs]
    with units.begin(tenant) as unit:
        kept = unit.campaigns.set_expected(expected, today)
    return {"people": kept, "orders": len(rows)}

"""Returns as plain values and as rows of a file: one shape for the command line, API and pages."""

from collections.abc import Iterable, Mapping

from cloud_broker.ports.roi import CostImport, StoreFigures
from cloud_broker.services.insight.costs import Costs
from cloud_broker.services.insight.roi import RoiReport, StoreReturn

_HUNDREDTHS = 2


def roi_said(report: RoiReport) -> dict[str, object]:
    """Return a report as plain values; fen are whole, conversions of ways are not."""
    baseline = report.baseline
    return {
        "from": report.span.first.isoformat(),
        "to": report.span.last.isoformat(),
        "with_quarantined": report.span.quarantined,
        "journeys": report.journeys,
        "orders": report.orders,
        "net_fen": report.net_fen,
        "online_to_store_orders": report.to_store_orders,
        "margin_permille": report.margin_permille,
        "baseline": None
        if baseline is None
        else {"from": baseline.first.isoformat(), "to": baseline.last.isoformat()},
        "channels": [
            {
                "channel": one.channel,
                "orders": _rounded(one.orders),
                "net_fen": {name: round(fen) for name, fen in one.fen.items()},
                "cost_fen": one.cost_fen,
                "roi_permille": one.roi_permille,
                "margin_roi_permille": one.margin_roi_permille,
            }
            for one in report.channels
        ],
        "stores": [_store(one) for one in report.stores],
    }


def _store(one: StoreReturn) -> dict[str, object]:
    credit = one.credit
    return {
        "store_id": str(one.store),
        "store": one.name,
        "contribution_orders": round(credit.credit_orders, _HUNDREDTHS),
        "contribution_fen": round(credit.credit_fen),
        "to_other_places_fen": round(credit.elsewhere_fen),
        "online_to_store_orders": credit.helped_orders,
        "online_to_store_fen": credit.helped_fen,
        "brought_by": {name: round(fen) for name, fen in sorted((credit.by_channel or {}).items())},
        "now": _figures(one.now),
        "before": None if one.before is None else _figures(one.before),
        "margin_permille": one.margin_permille,
        "system_cost_fen": one.cost_fen,
        "more_a_day_fen": one.more_a_day_fen,
        "payback_days": one.payback_days,
    }


def _figures(one: StoreFigures) -> dict[str, object]:
    return {
        "sales": one.sales,
        "net_fen": one.net_fen,
        "recognised_permille": share(one.recognised, one.sales),
        "checkout_seconds": None if one.counter_ms is None else one.counter_ms / 1_000,
        "timed_sales": one.timed,
        "repurchase_permille": share(one.back, one.met),
        "buyers": one.met,
    }


def share(part: int, whole: int) -> int | None:
    """Return a share in thousandths; None of nothing."""
    return round(part * 1_000 / whole) if whole else None


def costs_said(found: Costs) -> dict[str, object]:
    """Return what a file of costs says as plain values."""
    return {
        "rows": len(found.rows),
        "fen": found.fen,
        "bad": [{"row": one.row, "column": one.column, "value": one.value} for one in found.bad],
    }


def import_said(one: CostImport) -> dict[str, object]:
    """Return an import of costs as plain values."""
    return {
        "id": str(one.import_id),
        "name": one.name,
        "rows": one.rows,
        "fen": one.fen,
        "made_by": one.made_by,
        "made_ms": one.made_ms,
        "undone_ms": one.undone_ms,
        "undone_by": one.undone_by,
    }


def _rounded(found: Mapping[str, float]) -> dict[str, float]:
    return {name: round(one, _HUNDREDTHS) for name, one in found.items()}


def channel_rows(report: RoiReport, ways: Iterable[str]) -> list[list[object]]:
    """Return channels as rows of a file, money in fen."""
    names = list(ways)
    head: list[object] = ["channel", "cost_fen", "roi_permille", "margin_roi_permille"]
    head += [f"{name}_{what}" for name in names for what in ("orders", "fen")]
    rows = [head]
    for one in report.channels:
        row: list[object] = [
            one.channel,
            one.cost_fen,
            one.roi_permille,
            one.margin_roi_permille,
        ]
        for name in names:
            row += [round(one.orders.get(name, 0.0), _HUNDREDTHS), round(one.fen.get(name, 0.0))]
        rows.append(row)
    return rows


def store_rows(report: RoiReport) -> list[list[object]]:
    """Return stores as rows of a file, money in fen."""
    rows: list[list[object]] = []
    for one in report.stores:
        said = _store(one)
        flat: dict[str, object] = {}
        for name, value in said.items():
            if name in {"now", "before"}:
                inner = value if isinstance(value, dict) else _figures(StoreFigures())
                flat |= {
                    f"{name}_{key}": None if value is None else cell for key, cell in inner.items()
                }
            elif isinstance(value, dict):
                flat[name] = " ".join(f"{key}={cell}" for key, cell in value.items())
            else:
                flat[name] = value
        if not rows:
            rows.append(list(flat))
        rows.append(list(flat.values()))
    return rows

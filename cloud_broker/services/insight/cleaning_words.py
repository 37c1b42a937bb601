"""Decisions and what they come to as plain values: one shape for the command line and the API."""

from cloud_broker.ports.cleaning import Ruling
from cloud_broker.services.insight.cleaning import Overview


def ruling_said(one: Ruling) -> dict[str, object]:
    """Return a decision as plain values."""
    sign = one.sign
    return {
        "id": str(one.decision),
        "kind": sign.kind,
        "subject": sign.subject,
        "rule": str(sign.rule),
        "version": sign.version,
        "weight": sign.weight,
        "detail": dict(sign.detail),
        "channel": sign.channel,
        "day": sign.days[-1].isoformat(),
        "net_fen": sign.net_fen,
        "decided_ms": one.decided_ms,
        "decided_by": one.decided_by,
        "lifted_ms": one.lifted_ms,
        "lifted_by": one.lifted_by,
        "lifted_why": one.lifted_why,
        "apart": one.apart,
    }


def overview_said(seen: Overview) -> dict[str, object]:
    """Return what cleaning came to as plain values."""
    run = seen.run
    ran: dict[str, object] = {}
    if run is not None:
        ran = {
            "as_of": run.as_of.isoformat(),
            "looked_from": run.looked_from.isoformat(),
            "decided_from": run.decided_from.isoformat(),
            "orders": run.orders,
            "actors": run.actors,
            "raised": run.raised,
            "lifted": run.lifted,
            "apart": run.apart,
            "ended_ms": run.ended_ms,
        }
    return ran | {
        "since": seen.since.isoformat(),
        "until": seen.until.isoformat(),
        "rules": [
            {
                "rule": one.rule,
                "standing": one.standing,
                "lifted": one.lifted,
                "apart": one.apart,
            }
            for one in seen.rules
        ],
        "channels": [
            {
                "channel": one.channel,
                "orders": one.orders,
                "net_fen": one.net_fen,
                "orders_without": one.orders - one.apart_orders,
                "net_fen_without": one.net_fen - one.apart_fen,
            }
            for one in seen.channels
        ],
    }

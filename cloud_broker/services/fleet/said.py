"""Twins and orders as plain data, the same for the command line and for HQ's API."""

from cloud_broker.ports.orders import CommandRow, OrderRow
from cloud_broker.services.fleet.twin import BoxTwin, Preview
from retail_core.fleet.twin import Desired, Layer


def layer_said(layer: Layer) -> dict[str, object]:
    """Say a layer."""
    return {
        "scope": layer.scope,
        "version": layer.version,
        "author": layer.author,
        "note": layer.note,
        "made_ms": layer.made_ms,
        "values": dict(layer.values),
    }


def box_said(box: BoxTwin, *, every: bool) -> dict[str, object]:
    """Say a box's twin: every key, or those that are not as wanted."""
    told = {} if box.told is None else box.told.keys
    apart = {one.key for one in box.apart}
    absent = {one.key for one in box.absent}
    keys = sorted(apart | absent | (box.wanted.keys() if every else set()))
    return {
        "device": str(box.where.device),
        "store": str(box.where.store),
        "told_version": None if box.told is None else box.told.version,
        "keys": {
            key: {
                "wanted": box.wanted[key].value if key in box.wanted else None,
                "from": box.wanted[key].scope if key in box.wanted else None,
                "in_force": told[key].value if key in told else None,
                "outcome": told[key].outcome if key in told else None,
                "code": told[key].code if key in told else "",
                "agrees": key not in apart | absent,
                "here": key not in absent,
            }
            for key in keys
        },
    }


def order_said(order: OrderRow) -> dict[str, object]:
    """Say an order."""
    return {
        "order": str(order.order_id),
        "kind": order.kind,
        "state": order.goes.state,
        "wave": f"{order.goes.wave + 1}/{order.goes.waves}",
        "author": order.author,
        "second": order.second,
        "dry": order.dry,
        "why": order.why,
    }


def command_said(one: CommandRow) -> dict[str, object]:
    """Say one box's command."""
    return {
        "command": str(one.command_id),
        "device": str(one.device),
        "store": str(one.store),
        "state": one.state.value,
        "code": one.code,
        "detail": one.detail,
        "wave": one.wave,
        "changed_ms": one.changed_ms,
        "archive_bytes": one.archive_bytes,
    }


def preview_said(made: Preview) -> dict[str, object]:
    """Say what a change would come to, box by box."""
    return {
        "base": made.before.version,
        "boxes": len(made.boxes),
        "stores": len({one.where.store for one in made.boxes}),
        "moved": [
            {
                "device": str(one.where.device),
                "store": str(one.where.store),
                "keys": {
                    move.key: {"before": _value(move.before), "after": _value(move.after)}
                    for move in one.moves
                },
            }
            for one in made.moved
        ],
    }


def _value(wanted: Desired | None) -> object:
    return None if wanted is None else wanted.value

"""The form of a campaign: what somebody fills in, read into a plan and shown again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from retail_core.errors import Fault
from retail_core.insight.campaigns import plan as plans
from retail_core.insight.campaigns.plan import PERMILLE, Plan, plan_of
from retail_core.texts.faults import FaultCode

TRIGGERS: tuple[plans.TriggerKind, ...] = ("once", "entered", "churn", "birthday", "tier_near")
_FEN = 100
_DIGITS_MAX = 12
DAYS_DEFAULT = 14


@dataclass(frozen=True, slots=True)
class Filled:
    """The form's fields as they are shown; texts, so that what was wrong stands there again."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def blank(today: date) -> Filled:
    """Return a form to begin with."""
    return Filled(
        {
            "first_day": today.isoformat(),
            "last_day": (today + timedelta(days=DAYS_DEFAULT)).isoformat(),
            "trigger": "once",
            "coupon_days": "14",
            "call_days": "14",
            "holdout": "10",
            "measure_days": "28",
            "margin": "30",
            "worth": "20",
            "priority": "5",
        }
    )


def shown(plan: Plan) -> Filled:
    """Return the form of a plan."""
    values = {
        "name": plan.name,
        "segment": str(plan.segment),
        "trigger": plan.trigger.kind,
        "trigger_value": _trigger_shown(plan.trigger),
        "first_day": plan.first_day.isoformat(),
        "last_day": plan.last_day.isoformat(),
        "holdout": f"{plan.holdout_permille / 10:g}",
        "measure_days": str(plan.measure_days),
        "budget": _yuan(plan.budget_fen),
        "benefit": _yuan(plan.benefit_fen),
        "message": _yuan(plan.message_fen),
        "margin": f"{plan.margin_permille / 10:g}",
        "worth": f"{plan.worth_permille / 10:g}",
        "priority": str(plan.priority),
    }
    for one in plan.actions:
        match one:
            case plans.Coupon():
                values |= {"coupon": one.rule, "coupon_days": str(one.days)}
            case plans.Message():
                values |= {one.channel: str(one.template)}
            case plans.CallBack():
                values |= {"call": one.note, "call_days": str(one.days)}
            case plans.Group():
                values |= {"group": one.group}
    return Filled(values)


def read(form: Filled) -> Plan:
    """Return the plan of a form; Fault CAMPAIGN_INVALID names the field."""
    return plan_of(
        {
            "name": form["name"].strip(),
            "segment": form["segment"],
            "actions": _actions(form),
            "first_day": form["first_day"],
            "last_day": form["last_day"],
            "trigger": {"kind": form["trigger"] or "once", "value": _trigger_value(form)},
            "holdout_permille": _scaled(form, "holdout", 10),
            "measure_days": _scaled(form, "measure_days", 1),
            "budget_fen": _scaled(form, "budget", _FEN),
            "benefit_fen": _scaled(form, "benefit", _FEN),
            "message_fen": _scaled(form, "message", _FEN),
            "margin_permille": _scaled(form, "margin", 10),
            "worth_permille": _scaled(form, "worth", 10),
            "priority": _scaled(form, "priority", 1),
        }
    )


def _actions(form: Filled) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if form["coupon"]:
        days = _scaled(form, "coupon_days", 1)
        found.append({"kind": "coupon", "rule": form["coupon"], "days": days})
    found += [
        {"kind": "message", "channel": channel, "template": form[channel]}
        for channel in plans.CHANNELS
        if form[channel]
    ]
    if form["call"].strip():
        days = _scaled(form, "call_days", 1)
        found.append({"kind": "call", "note": form["call"].strip(), "days": days})
    if form["group"].strip():
        found.append({"kind": "group", "group": form["group"].strip()})
    return found


def _trigger_value(form: Filled) -> int:
    scale = _FEN if form["trigger"] == "tier_near" else 1
    asked = form["trigger"] in {"birthday", "tier_near"}
    return _scaled(form, "trigger_value", scale) if asked else 0


def _trigger_shown(trigger: plans.Trigger) -> str:
    return _yuan(trigger.value) if trigger.kind == "tier_near" else str(trigger.value or "")


def _scaled(form: Filled, name: str, scale: int) -> int:
    """Return a field as a whole number of its smallest part; empty is none of it."""
    text = form[name].strip()
    whole, _, part = text.partition(".")
    places = len(str(scale)) - 1
    plain = (whole or "0") + part
    if not (plain.isascii() and plain.isdecimal()) or len(plain) > _DIGITS_MAX:
        raise Fault(FaultCode.CAMPAIGN_INVALID, field=name, reason=text)
    if len(part) > places:
        raise Fault(FaultCode.CAMPAIGN_INVALID, field=name, reason=text)
    return int(whole or "0") * scale + int((part or "0").ljust(places, "0") or "0")


def _yuan(fen: int) -> str:
    return f"{fen // _FEN}.{fen % _FEN:02d}" if fen else ""


def share(permille: int) -> str:
    """Return thousandths as a percentage."""
    return f"{permille / (PERMILLE / 100):g} %"

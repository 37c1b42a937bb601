"""What a campaign is: for whom, what they get, how many are held out, what it may cost."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Channel = Literal["sms", "wechat"]
CHANNELS: Final[tuple[Channel, ...]] = ("sms", "wechat")
TriggerKind = Literal["once", "entered", "churn", "birthday", "tier_near"]
PERMILLE: Final = 1_000
NAME_CHARS_MAX: Final = 80
DAYS_MAX: Final = 366
HOLDOUT_DEFAULT: Final = 100
# Fewer held out than this share and no campaign of usual size could show anything.
HOLDOUT_ALONE_MIN: Final = 10
HOLDOUT_MAX: Final = 900
BIRTHDAY_AHEAD_MAX: Final = 60
ACTIONS_MAX: Final = 5
FEN_MAX: Final = 10**12

Days = Annotated[int, Meta(ge=1, le=DAYS_MAX)]
Fen = Annotated[int, Meta(ge=0, le=FEN_MAX)]
Permille = Annotated[int, Meta(ge=0, le=PERMILLE)]
Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX)]


class Coupon(
    msgspec.Struct, frozen=True, tag_field="kind", tag="coupon", forbid_unknown_fields=True
):
    """A coupon of the rules in force, to be used within so many days; each is named once."""

    rule: Name
    days: Days = 14


class Message(
    msgspec.Struct, frozen=True, tag_field="kind", tag="message", forbid_unknown_fields=True
):
    """A message by an approved template, to those who agreed to that channel."""

    channel: Channel
    template: UUID


class CallBack(
    msgspec.Struct, frozen=True, tag_field="kind", tag="call", forbid_unknown_fields=True
):
    """A note that a clerk sees at the till when she stands there, for so many days."""

    note: Annotated[str, Meta(min_length=1, max_length=120)]
    days: Days = 14


class Group(msgspec.Struct, frozen=True, tag_field="kind", tag="group", forbid_unknown_fields=True):
    """A customer group of the published price rules, until the campaign is over."""

    group: Name


Action = Coupon | Message | CallBack | Group


class Trigger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When somebody of the segment comes in.

    `once` at the start, `entered` whenever she enters the segment, `churn` when she became at
    risk, `birthday` so many days before it, `tier_near` when so many fen are missing to a tier.
    """

    kind: TriggerKind = "once"
    value: Annotated[int, Meta(ge=0, le=FEN_MAX)] = 0


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that somebody decides about a campaign.

    `benefit_fen` is what one used benefit costs, `message_fen` what one message costs;
    `margin_permille` what of spending is earned; `worth_permille` how much of the margin that is
    expected of a person within a year may be spent on her (0: not bounded by it).
    """

    name: Name
    segment: UUID
    actions: Annotated[tuple[Action, ...], Meta(min_length=1, max_length=ACTIONS_MAX)]
    first_day: date
    last_day: date
    trigger: Trigger = Trigger()
    holdout_permille: Permille = HOLDOUT_DEFAULT
    measure_days: Days = 28
    budget_fen: Fen = 0
    benefit_fen: Fen = 0
    message_fen: Fen = 0
    margin_permille: Permille = 300
    worth_permille: Permille = 200
    priority: Annotated[int, Meta(ge=0, le=9)] = 5

    @property
    def messages(self) -> tuple[Message, ...]:
        """Return what is sent."""
        return tuple(one for one in self.actions if isinstance(one, Message))

    @property
    def coupons(self) -> tuple[Coupon, ...]:
        """Return what is given."""
        return tuple(one for one in self.actions if isinstance(one, Coupon))

    @property
    def single(self) -> tuple[CallBack | Group, ...]:
        """Return what there may be one of."""
        return tuple(one for one in self.actions if isinstance(one, CallBack | Group))

    @property
    def person_fen(self) -> int:
        """Return what one person can cost at most."""
        return self.benefit_fen * len(self.coupons) + self.message_fen * len(self.messages)

    @property
    def only_messages(self) -> bool:
        """Tell whether who cannot be reached would get nothing at all."""
        return len(self.messages) == len(self.actions)

    @property
    def measured_until(self) -> date:
        """Return the last day on which a purchase of whoever came in last counts."""
        return self.last_day + timedelta(days=self.measure_days)


def plan_of(said: Mapping[str, Any]) -> Plan:
    """Read and check a plan. Fault CAMPAIGN_INVALID names the field."""
    try:
        plan = msgspec.convert(said, Plan, strict=True)
    except msgspec.ValidationError as error:
        reason, _, at = str(error).partition(" - at `$")
        field = at.rstrip("`").lstrip(".") or "plan"
        raise Fault(FaultCode.CAMPAIGN_INVALID, field=field, reason=reason) from None
    check_plan(plan)
    return plan


def said_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON's own types, as `plan_of` reads it."""
    said: dict[str, Any] = msgspec.to_builtins(plan)
    return said


def check_plan(plan: Plan) -> None:
    """Check what no single field shows. Fault CAMPAIGN_INVALID."""
    days = plan.last_day - plan.first_day
    birthday = plan.trigger.kind == "birthday"
    wrong = (
        ("name", not plan.name.strip(), "empty"),
        ("last_day", not 0 <= days.days <= DAYS_MAX, f"{plan.first_day} to {plan.last_day}"),
        ("actions", _twice(one.channel for one in plan.messages), "two messages by one channel"),
        ("actions", _twice(one.rule for one in plan.coupons), "one coupon twice"),
        ("actions", _twice(type(one).__name__ for one in plan.single), "two calls or two groups"),
        ("holdout_permille", plan.holdout_permille > HOLDOUT_MAX, f"above {HOLDOUT_MAX}"),
        ("trigger", birthday and plan.trigger.value > BIRTHDAY_AHEAD_MAX, "0 to 60 days before"),
        ("budget_fen", plan.budget_fen < plan.person_fen, f"one person costs {plan.person_fen}"),
    )
    for field, is_wrong, reason in wrong:
        if is_wrong:
            raise Fault(FaultCode.CAMPAIGN_INVALID, field=field, reason=reason)


def needs_second(plan: Plan) -> bool:
    """Tell whether so few are held out that another person has to agree to it by name."""
    return plan.holdout_permille < HOLDOUT_ALONE_MIN


def _twice(named: Iterable[str]) -> bool:
    names = list(named)
    return len(set(names)) < len(names)

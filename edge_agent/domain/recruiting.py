"""What a clerk is told when somebody says a phone number."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from edge_agent.domain.enrolment import Enrolled
from retail_core.growth.newcomer import Newcomer
from retail_core.identity.naming import stand_in_name
from retail_core.wire.member import MemberRecord

Outcome = Literal["found", "created", "known_elsewhere", "consent_needed"]
WelcomeGift = Literal["pending", "given", "none", "refused"]
NEWCOMER = "newcomer"


@dataclass(frozen=True, slots=True)
class ConsentSaid:
    """What she said to the membership's text, and which version of it she was shown."""

    text_version: str
    given: bool


@dataclass(frozen=True, slots=True)
class RecruitCommand:
    """A phone number as it was said; `consent` is None before she was asked."""

    phone: str = field(repr=False)
    name: str = ""
    language: str = "zh"
    declared: tuple[str, ...] = ()
    consent: ConsentSaid | None = None
    operator: UUID | None = None
    till: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recruited:
    """What came of it; `held` is who she is here, None while nothing was created.

    `known_elsewhere`: the box cannot ask and its summary knows the number, probably. With consent
    she is entered here provisionally and becomes one with herself when the cloud hears of it.
    """

    outcome: Outcome
    gift: WelcomeGift
    phone_masked: str
    member_id: UUID | None = None
    ver: int = 0
    record: MemberRecord | None = field(default=None, repr=False)
    enrolled: Enrolled | None = field(default=None, repr=False)


def gift_of_known(record: MemberRecord, ver: int, rule: Newcomer | None) -> WelcomeGift:
    """Return how a member's newcomer's gift stands; before the cloud heard of her it is pending."""
    for gift in record.gifts:
        if gift.kind == NEWCOMER:
            return "given" if gift.ready else "pending"
    if rule is None:
        return "none"
    if rule.coupon and any(held.rule == rule.coupon for held in record.coupons):
        return "given"
    return "none" if ver else "pending"


def gift_of_new(rule: Newcomer | None, *, known: bool) -> WelcomeGift:
    """Return what may be promised: nothing to whom the summary knows; the cloud decides."""
    if rule is None:
        return "none"
    return "refused" if known else "pending"


def name_for(name: str, digits: str, language: str) -> str:
    """Return the name she gave, or one by the last digits of her number."""
    return name.strip() or stand_in_name(digits, language)


_OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "found": ("已是会员", "A member already"),
    "created": ("已入会", "Enrolled"),
    "known_elsewhere": (
        "没有联网。这个号码多半已在别的门店入会:可以先在本店记账,联网后自动并成一个人",
        "No line; probably a member elsewhere: book here, it is joined with her account later",
    ),
    "consent_needed": (
        "这个号码还不是会员,请顾客看屏幕上的告知书",
        "Nobody has this number yet: let the customer read the text on the display",
    ),
}
_GIFTS: dict[WelcomeGift, tuple[str, str]] = {
    "pending": (
        "新人礼待总部确认,确认前还不能领用",
        "newcomer's gift: not hers yet, it waits for head office to confirm it",
    ),
    "given": (
        "新人礼已确认,等她领用",
        "newcomer's gift: confirmed, it waits for her to use it",
    ),
    "none": ("", ""),
    "refused": (
        "老会员不重复领新人礼;如确为新客,联网后自动补上",
        "no second newcomer's gift; if she is new after all, it comes by itself with the line",
    ),
}


def said(outcome: Outcome, gift: WelcomeGift) -> tuple[str, str]:
    """Return what the clerk reads, zh and en."""
    zh, en = _OUTCOMES[outcome]
    more_zh, more_en = _GIFTS[gift]
    return (
        f"{zh};{more_zh}" if more_zh else zh,
        f"{en}; {more_en}" if more_en else en,
    )

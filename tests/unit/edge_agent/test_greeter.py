"""Members greeted on a till's display, and the till told that they are there."""

from uuid import UUID

import pytest

from edge_agent.services.tills.greeter import Greeter, Language, Place, greeting, saving
from edge_agent.services.tills.hearing import Hearing
from edge_agent.services.tills.member_typing import MemberTyping, TypingPlace
from retail_core import limits
from tests.fakes.display_tap import FakeCustomerDisplay
from tests.fakes.scanner_tap import FakeTillInjector

TILL, OTHER = UUID(int=1), UUID(int=2)
ANNA, BO = {"name": "李敏", "member_id": "a", "tier": "gold"}, {"name": "Bo", "member_id": "b"}


def known(member: dict[str, str] | None, till: UUID = TILL, *allowed: str) -> dict[str, object]:
    return {"till": str(till), "member": member, "allowed": allowed or ("member_price",)}


class Counter:
    """A till with a display and a scanner, and the two who act on what happens there."""

    def __init__(self, language: Language = "zh") -> None:
        self.display, self.injector = FakeCustomerDisplay(), FakeTillInjector()
        self.greeter = Greeter({TILL: Place(self.display, language)})
        codes = {"gold": "990001", "*": "990000"}
        self.typing = MemberTyping({TILL: TypingPlace(self.injector, codes)})

    def happens(self, kind: str, told: dict[str, object]) -> None:
        for one in (self.greeter, self.typing):
            one.hearing.hear(kind, told, "1")
            while one.hearing.holds:
                one.turn()


@pytest.fixture
def counter() -> Counter:
    return Counter()


def priced(saved_fen: int, member: str | None = "a") -> dict[str, object]:
    return {"till": TILL, "saved_fen": saved_fen, "member_id": member}


def test_a_member_is_greeted_and_told_what_she_saves(counter: Counter) -> None:
    counter.happens("recognition", known(ANNA))
    counter.happens("basket", priced(0))
    counter.happens("basket", priced(320))
    counter.happens("basket", priced(320))
    counter.happens("basket", priced(500))
    assert counter.display.shown == [
        ("您好 李*", "欢迎回来"),
        ("会员已省", "3.20 元"),
        ("会员已省", "5.00 元"),
    ]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("recognition", known(None)),
        ("recognition", known(ANNA, OTHER)),
        ("recognition", {"member": ANNA}),
        ("recognition", {"till": "nonsense", "member": ANNA}),
        ("basket", priced(320, None)),
        ("basket", {"till": str(TILL), "member_id": "a"}),
        ("health", {"till": str(TILL)}),
    ],
)
def test_others_are_not(counter: Counter, kind: str, told: dict[str, object]) -> None:
    counter.happens(kind, told)
    assert counter.display.shown == []
    assert counter.injector.typed == []


def test_the_shop_speaks_its_language() -> None:
    assert greeting("李敏", "en") == ("Hello", "Welcome back")
    assert greeting("Bo", "en")[0].startswith("Hello B")
    assert greeting("李敏", "zh", "周三双倍积分") == ("您好 李*", "周三双倍积分")
    assert saving(320, "en") == ("You save", "3.20")


def test_a_members_price_is_typed_once_a_visit(counter: Counter) -> None:
    counter.happens("recognition", known(ANNA))
    counter.happens("recognition", known(ANNA))
    counter.happens("recognition", known(BO))
    counter.happens("tapped", {"till": TILL})
    counter.happens("recognition", known(BO))
    assert counter.injector.typed == ["990001", "990000", "990000"]


def test_nothing_is_typed_for_who_may_not_have_her_price(counter: Counter) -> None:
    counter.happens("recognition", known(ANNA, TILL, "earn"))
    assert counter.injector.typed == []


def test_what_could_not_be_typed_is_tried_again(counter: Counter) -> None:
    counter.injector.allowed = False
    counter.happens("recognition", known(ANNA))
    counter.injector.allowed = True
    counter.happens("recognition", known(ANNA))
    assert counter.injector.typed == ["990001"]


def test_a_crowd_of_events_makes_nobody_wait(counter: Counter) -> None:
    for _ in range(limits.COUNTER_EVENT_QUEUE_MAX + 10):
        counter.greeter.hearing.hear("recognition", known(ANNA))
    assert counter.greeter.hearing.holds == limits.COUNTER_EVENT_QUEUE_MAX


def test_room_that_another_thread_took_meanwhile_fails_nobody() -> None:
    hearing = Hearing(frozenset({"sale"}), frozenset({TILL}))
    hearing._waiting.full = lambda: False  # type: ignore[method-assign]
    for _ in range(limits.COUNTER_EVENT_QUEUE_MAX + 1):
        hearing.hear("sale", {"till": TILL})
    assert hearing.holds == limits.COUNTER_EVENT_QUEUE_MAX

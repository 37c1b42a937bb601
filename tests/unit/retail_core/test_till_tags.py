"""Tags at the tills: which travel, what consent keeps back, and how a clerk reads them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from retail_core.insight.till_tags import (
    BY_KEY,
    TILL_TAGS,
    WINDOWS,
    Known,
    Windows,
    shown,
    told,
)
from retail_core.wire.member import TagTold

NIGHT: dict[str, Any] = {
    "lifecycle": "at_risk",
    "orders_month": 9,
    "second_due": True,
    "category_favourite": "护肤",
    "declared_diet": True,
    "declared_skin": True,
    "price_sensitivity": "high",
    "spend_year": 99,
}


def keys(known: Known) -> set[str]:
    return {one.key for one in told(known)}


def test_windows_are_of_now_and_the_rest_of_last_night() -> None:
    found = {one.key: one.value for one in told(Known(NIGHT, Windows(1, 2, 300, 4_000)))}
    assert found == {
        "lifecycle": "at_risk",
        "orders_month": "1",
        "orders_quarter": "2",
        "spend_month": "300",
        "spend_quarter": "4000",
        "second_due": "",
        "category_favourite": "护肤",
        "declared_diet": "",
    }


def test_before_the_first_night_nothing_is_told() -> None:
    assert told(Known(windows=Windows(1, 1, 1, 1))) == ()


def test_who_refuses_guesses_keeps_her_own_words_at_once() -> None:
    assert keys(Known(NIGHT, Windows(1, 1, 1, 1), personal=False)) == {"declared_diet"}


def test_of_whom_nothing_may_be_worked_out_no_window_is_told_either() -> None:
    """The night leaves out what is inferred of a minor; so does what is counted by day."""
    night = {name: value for name, value in NIGHT.items() if name.startswith("declared")}
    assert keys(Known(night, Windows(1, 1, 1, 1))) == {"declared_diet"}


def test_what_is_sensitive_waits_for_the_consent_and_goes_with_it() -> None:
    assert "declared_skin" not in keys(Known(NIGHT))
    assert "declared_skin" in keys(Known(NIGHT, sensitive=True))


def test_two_memberships_of_one_person_have_the_stricter_word() -> None:
    one = Known(NIGHT, Windows(1, 2, 3, 4), sensitive=True)
    other = Known(None, Windows(10, 20, 30, 40), personal=False)
    assert one.with_(other) == Known(NIGHT, Windows(11, 22, 33, 44), personal=False)
    assert other.with_(one) == one.with_(other)


def test_nothing_of_what_she_might_pay_is_shown_at_a_till() -> None:
    priced = ("price", "discount", "coupon", "promot", "full_price", "deep", "bargain", "margin")
    assert not [tag.key for tag in TILL_TAGS if tag.key.startswith(priced)]
    assert set(WINDOWS) <= BY_KEY.keys()


def test_how_a_clerk_reads_them() -> None:
    tags = (
        TagTold("lifecycle", "at_risk"),
        TagTold("spend_month", "123400"),
        TagTold("second_due"),
        TagTold("brand_favourite", "玉泽"),
        TagTold("lifecycle", "a word of a later release"),
        TagTold("a tag of a later release", "1"),
        TagTold("orders_month", "many"),
    )
    said = [(one.name.zh, one.value.zh, str(one.value)) for one in shown(tags)]
    assert said == [
        ("生命周期", "流失预警", "at risk"),
        ("近 30 天消费", "¥1,234.00", "¥1,234.00"),
        ("催第二单", "", ""),
        ("最爱品牌", "玉泽", "玉泽"),
    ]


@given(st.lists(st.builds(TagTold, st.sampled_from(sorted(BY_KEY)), st.text(max_size=20))))
def test_whatever_comes_is_shown_or_left_out(tags: list[TagTold]) -> None:
    assert {one.key for one in shown(tags)} <= {one.key for one in tags}

"""Tags that reach the tills: which ones, and how a clerk reads them.

Shown and nothing else: no price condition reads them, and what a member might be willing to pay is
none of them. A box that does not know a key leaves it out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from retail_core.money import format_yuan
from retail_core.texts.words import Words
from retail_core.wire.member import TagTold

_FLAG, _WORD, _NAME, _COUNT, _FEN = "flag", "word", "name", "count", "fen"


@dataclass(frozen=True, slots=True)
class TillTag:
    """A tag: `inferred` is worked out of what she did, `sensitive` needs a consent of its own."""

    key: str
    unit: str
    name: Words
    words: Mapping[str, Words]
    inferred: bool = True
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class TillWord:
    """A tag as it is shown; `value` is empty where the name says it all."""

    key: str
    name: Words
    value: Words


def _tag(key: str, unit: str, zh: str, en: str, **words: tuple[str, str]) -> TillTag:
    return TillTag(key, unit, Words(en, zh), {one: Words(b, a) for one, (a, b) in words.items()})


def _said(key: str, zh: str, en: str, *, sensitive: bool = False) -> TillTag:
    return TillTag(key, _FLAG, Words(en, zh), {}, inferred=False, sensitive=sensitive)


# In the order in which they are shown.
TILL_TAGS: Final = (
    _said("birthday_now", "本月生日", "Birthday this month"),
    _tag(
        *("lifecycle", _WORD, "生命周期", "Life as a customer"),
        prospect=("未购", "not bought yet"),
        new=("新客", "new"),
        repeat=("复购", "repeat"),
        at_risk=("流失预警", "at risk"),
        lost=("已流失", "lost"),
    ),
    _tag(
        *("rfm_segment", _WORD, "RFM 客群", "RFM segment"),
        champion=("核心客", "champion"),
        loyal=("忠实客", "loyal"),
        promising=("潜力客", "promising"),
        big_asleep=("沉睡大客", "big, asleep"),
        asleep=("沉睡客", "asleep"),
        ordinary=("普通客", "ordinary"),
    ),
    _tag("orders_month", _COUNT, "近 30 天单数", "Purchases, 30 days"),
    _tag("orders_quarter", _COUNT, "近 90 天单数", "Purchases, 90 days"),
    _tag("spend_month", _FEN, "近 30 天消费", "Spend, 30 days"),
    _tag("spend_quarter", _FEN, "近 90 天消费", "Spend, 90 days"),
    _tag("second_due", _FLAG, "催第二单", "Second is due"),
    _tag("came_back", _FLAG, "回流", "Came back"),
    _tag("cart_left", _FLAG, "加购未买", "Left in the cart"),
    _tag("category_favourite", _NAME, "最爱品类", "Favourite category"),
    _tag("brand_favourite", _NAME, "最爱品牌", "Favourite brand"),
    _tag("wants_category", _NAME, "种草品类", "Wants"),
    _said("declared_diet", "饮食习惯", "Diet"),
    _said("declared_pets", "养宠", "Pets"),
    _said("declared_life_event", "人生节点", "Life event"),
    _said("declared_interest", "兴趣", "Interest"),
    _said("declared_skin", "肤质", "Skin", sensitive=True),
    _said("declared_allergy", "过敏", "Allergy", sensitive=True),
)
BY_KEY: Final = {tag.key: tag for tag in TILL_TAGS}
# Counted anew whenever she buys or gives back; the others are of last night.
WINDOWS: Final = ("orders_month", "orders_quarter", "spend_month", "spend_quarter")


@dataclass(frozen=True, slots=True)
class Windows:
    """What she bought in the last 30 and 90 days: purchases, and fen paid less refunded."""

    orders_month: int = 0
    orders_quarter: int = 0
    spend_month: int = 0
    spend_quarter: int = 0

    def with_(self, other: "Windows") -> "Windows":
        """Return both together: two memberships of one person."""
        return Windows(
            self.orders_month + other.orders_month,
            self.orders_quarter + other.orders_quarter,
            self.spend_month + other.spend_month,
            self.spend_quarter + other.spend_quarter,
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a member: last night's tags, windows as of now, what she agreed to.

    `tags` is None where none were worked out.
    """

    tags: Mapping[str, object] | None = None
    windows: Windows = Windows()
    personal: bool = True
    sensitive: bool = False

    def with_(self, other: "Known") -> "Known":
        """Return what is known of one person by two memberships; the stricter word holds."""
        return Known(
            self.tags or other.tags,
            self.windows.with_(other.windows),
            self.personal and other.personal,
            self.sensitive and other.sensitive,
        )


def told(known: Known) -> tuple[TagTold, ...]:
    """Return what shops are told: nothing inferred of who refused it, nothing sensitive unasked.

    The word `lifecycle` is there of everybody of whom anything may be worked out.
    """
    if known.tags is None:
        return ()
    infers = known.personal and "lifecycle" in known.tags
    found = dict(known.tags)
    if infers:
        found |= {name: getattr(known.windows, name) for name in WINDOWS}
    return tuple(
        TagTold(tag.key, "" if tag.unit == _FLAG else str(value))
        for tag in TILL_TAGS
        if (infers or not tag.inferred)
        and (known.sensitive or not tag.sensitive)
        and (value := found.get(tag.key)) not in {None, False, ""}
    )


def shown(tags: Iterable[TagTold]) -> tuple[TillWord, ...]:
    """Return tags as a clerk reads them; of keys and words nobody knows nothing is shown."""
    made = (_shown(BY_KEY[one.key], one.value) for one in tags if one.key in BY_KEY)
    return tuple(one for one in made if one is not None)


def _shown(tag: TillTag, value: str) -> TillWord | None:
    if tag.unit == _FLAG:
        return TillWord(tag.key, tag.name, Words("", ""))
    if tag.unit == _WORD:
        word = tag.words.get(value)
        return None if word is None else TillWord(tag.key, tag.name, word)
    if tag.unit in {_COUNT, _FEN}:
        if not value.isascii() or not value.isdecimal():
            return None
        value = format_yuan(int(value)) if tag.unit == _FEN else value
    return TillWord(tag.key, tag.name, Words(value, value))

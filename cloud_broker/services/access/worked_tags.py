"""Tags that were worked out, as HQ's pages show them: in words, sensitive ones masked."""

from collections.abc import Callable
from dataclasses import dataclass

from cloud_broker.ports.tags import TagSet, TagValue, TagWord
from retail_core.texts.words import Words

MASK = "•••"


@dataclass(frozen=True, slots=True)
class WorkedTag:
    """A tag of a member; a masked one shows that it is there and not what it is."""

    key: str
    dimension: str
    name: Words
    value: Words
    masked: bool


def worked_tags(held: TagSet, words: tuple[TagWord, ...]) -> tuple[WorkedTag, ...]:
    """Return a member's tags in the order of the catalogue that made them."""
    return tuple(
        WorkedTag(
            word.key,
            word.dimension,
            Words(word.en, word.zh),
            Words(MASK, MASK) if word.masked else _said(word, held.tags[word.key]),
            word.masked,
        )
        for word in words
        if word.key in held.tags
    )


def _said(word: TagWord, value: TagValue) -> Words:
    if word.unit == "flag":
        return Words("yes", "是")
    if word.unit == "word":
        zh, en = word.values.get(str(value), (str(value), str(value)))
        return Words(en, zh)
    if isinstance(value, str):
        return Words(value, value)
    zh, en = _UNITS[word.unit](value)
    return Words(en, zh)


def _alike(text: str) -> tuple[str, str]:
    return text, text


# By unit, as the catalogue writes them.
_UNITS: dict[str, Callable[[int], tuple[str, str]]] = {
    "fen": lambda fen: _alike(f"¥{fen / 100:,.2f}"),
    "thousandths": lambda part: _alike(f"{part / 10:.1f} %"),
    "milli": lambda milli: _alike(f"{milli / 1_000:.2f}"),
    "days": lambda days: (f"{days} 天", f"{days} days"),
    "count": lambda count: _alike(f"{count:,}"),
    "score": lambda score: _alike(str(score)),
}

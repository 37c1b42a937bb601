"""What a segment is: conditions over tags and events, put together by all, any and not.

    {"scope": {"regions": [ID], "stores": [ID]},
     "who": {"all": [{"tag": "spend_year", "is": ">=", "value": 100000},
                     {"not": {"event": "Product Viewed", "days": 30, "is": ">=", "value": 3}}]}}

A definition is read whole before anything is asked of a database: what cannot be read says where.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args
from uuid import UUID

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

DEPTH_MAX: Final = 8
CONDITIONS_MAX: Final = 50
LIST_MAX: Final = 200
TEXT_CHARS_MAX: Final = 120
DAYS_MAX: Final = 730
VALUE_MAX: Final = 1_000_000_000_000
# What every purchase is, at a till or elsewhere; other names are what channels tell of.
BOUGHT: Final = "Order Completed"
RETURNED: Final = "Order Refunded"
ORDERS: Final = frozenset({BOUGHT, RETURNED})

Compare = Literal[">=", "<=", ">", "<", "=", "!="]
Word = Literal["in", "not in"]
Flag = Literal["yes", "no"]
Measure = Literal["times", "fen"]
COMPARES: Final[tuple[Compare, ...]] = get_args(Compare)
FLAGS: Final[tuple[Flag, ...]] = get_args(Flag)
WORDS: Final[tuple[Word, ...]] = get_args(Word)
_OF_ORDERS: Final = frozenset({"channel", "store", "region"})
_OF_GOODS: Final = frozenset({"sku", "category"})
_OF_EVENTS: Final = frozenset({"channel", "sku", "category"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What a definition has to know of a tag: its unit, the words it can be, whether it is masked.

    No words: any name of the chain's.
    """

    unit: str
    words: frozenset[str] = frozenset()
    masked: bool = False


Vocabulary = Mapping[str, Kind]


@dataclass(frozen=True, slots=True)
class TagIs:
    """A tag against a number, against words, or a flag; money in fen, parts in thousandths."""

    tag: str
    compare: Compare | Word | Flag
    value: int | tuple[str, ...] | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as it is written."""
        said: dict[str, Any] = {"tag": self.tag, "is": self.compare}
        if self.value is not None:
            said["value"] = list(self.value) if isinstance(self.value, tuple) else self.value
        return said


@dataclass(frozen=True, slots=True)
class Happened:
    """How often something happened, or what purchases came to, in the last `days`."""

    event: str
    days: int
    compare: Compare
    value: int
    of: Measure = "times"
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as it is written."""
        said: dict[str, Any] = {"event": self.event, "days": self.days}
        said |= {"is": self.compare, "value": self.value}
        if self.of != "times":
            said["of"] = self.of
        if self.where:
            said["where"] = {name: list(values) for name, values in self.where}
        return said


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all or any hold."""

    word: Literal["all", "any"]
    parts: tuple["Node", ...]

    def plain(self) -> dict[str, Any]:
        """Return it as it is written."""
        return {self.word: [part.plain() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Not:
    """A condition that does not hold."""

    part: "Node"

    def plain(self) -> dict[str, Any]:
        """Return it as it is written."""
        return {"not": self.part.plain()}


Node = TagIs | Happened | Group | Not


@dataclass(frozen=True, slots=True)
class Definition:
    """Who belongs to a segment; without regions and stores the whole chain is looked at."""

    who: Node
    regions: tuple[UUID, ...] = ()
    stores: tuple[UUID, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as it is written and kept."""
        scope = {"regions": self.regions, "stores": self.stores}
        said = {name: [str(one) for one in ids] for name, ids in scope.items() if ids}
        return ({"scope": said} if said else {}) | {"who": self.who.plain()}

    def leaves(self) -> tuple[TagIs | Happened, ...]:
        """Return the conditions in the order they are written."""
        return tuple(_leaves(self.who))


def read(raw: object, known: Vocabulary) -> Definition:
    """Read a definition; Faults SEGMENT_SHAPE, SEGMENT_TAG, SEGMENT_SENSITIVE, SEGMENT_LONG."""
    said = _object(raw, "", {"scope", "who"})
    scope = _object(said.get("scope", {}), "scope", {"regions", "stores"})
    if "who" not in said:
        raise _wrong("who", "missing")
    who = _node(said["who"], "who", known, 1)
    made = Definition(
        who,
        _ids(scope.get("regions", []), "scope.regions"),
        _ids(scope.get("stores", []), "scope.stores"),
    )
    if len(made.leaves()) > CONDITIONS_MAX:
        raise Fault(FaultCode.SEGMENT_LONG, what="who", limit=CONDITIONS_MAX)
    return made


def _node(raw: object, at: str, known: Vocabulary, depth: int) -> Node:
    if depth > DEPTH_MAX:
        raise Fault(FaultCode.SEGMENT_LONG, what=at[:TEXT_CHARS_MAX], limit=DEPTH_MAX)
    if not isinstance(raw, dict):
        raise _wrong(at, "an object")
    heads = {"all", "any", "not", "tag", "event"} & set(raw)
    if len(heads) != 1:
        raise _wrong(at, "all, any, not, tag, event")
    (head,) = heads
    if head == "not":
        _object(raw, at, {"not"})
        return Not(_node(raw["not"], f"{at}.not", known, depth + 1))
    if head == "tag":
        return _tag(_object(raw, at, {"tag", "is", "value"}), at, known)
    if head == "event":
        return _event(_object(raw, at, {"event", "days", "is", "value", "of", "where"}), at)
    _object(raw, at, {head})
    return _group(raw[head], f"{at}.{head}", known, depth)


def _group(parts: object, at: str, known: Vocabulary, depth: int) -> Group:
    if not isinstance(parts, list) or not parts:
        raise _wrong(at, "a list")
    if len(parts) > CONDITIONS_MAX:
        raise Fault(FaultCode.SEGMENT_LONG, what=at, limit=CONDITIONS_MAX)
    made = (_node(one, f"{at}[{nth}]", known, depth + 1) for nth, one in enumerate(parts))
    return Group("all" if at.endswith(".all") else "any", tuple(made))


def _tag(said: Mapping[str, object], at: str, known: Vocabulary) -> TagIs:
    key, compare = said["tag"], said.get("is")
    kind = known.get(key) if isinstance(key, str) else None
    if kind is None:
        raise Fault(FaultCode.SEGMENT_TAG, at=at, tag=str(key)[:TEXT_CHARS_MAX])
    key = str(key)
    if kind.masked:
        raise Fault(FaultCode.SEGMENT_SENSITIVE, at=at, tag=key)
    if kind.unit == "flag":
        if compare not in FLAGS or "value" in said:
            raise _wrong(f"{at}.is", "yes, no")
        return TagIs(key, compare)
    if kind.unit in {"word", "name"}:
        if compare not in WORDS:
            raise _wrong(f"{at}.is", "in, not in")
        values = _texts(said.get("value"), f"{at}.value")
        if kind.words and not kind.words.issuperset(values):
            raise _wrong(f"{at}.value", ", ".join(sorted(kind.words)))
        return TagIs(key, compare, values)
    return TagIs(key, _compare(compare, at), _whole(said.get("value"), f"{at}.value", VALUE_MAX))


def _event(said: Mapping[str, object], at: str) -> Happened:
    name = said["event"]
    if not isinstance(name, str) or not 0 < len(name) <= TEXT_CHARS_MAX or "\x00" in name:
        raise _wrong(f"{at}.event", f"1 … {TEXT_CHARS_MAX}")
    of = said.get("of", "times")
    if of not in get_args(Measure) or (of == "fen" and name not in ORDERS):
        raise _wrong(f"{at}.of", "times" if name not in ORDERS else "times, fen")
    days = _whole(said.get("days"), f"{at}.days", DAYS_MAX)
    if not days:
        raise _wrong(f"{at}.days", f"1 … {DAYS_MAX}")
    where = _object(said.get("where", {}), f"{at}.where", _fields_of(name))
    chosen = {one: _texts(where[one], f"{at}.where.{one}") for one in sorted(where)}
    for one in ("store", "region"):
        _ids(list(chosen.get(one, ())), f"{at}.where.{one}")
    if of == "fen" and _OF_GOODS & set(chosen) and name == RETURNED:
        raise _wrong(f"{at}.where", "channel, store, region")
    return Happened(
        *(name, days, _compare(said.get("is"), at)),
        *(_whole(said.get("value"), f"{at}.value", VALUE_MAX), cast("Measure", of)),
        tuple(chosen.items()),
    )


def _fields_of(event: str) -> frozenset[str]:
    if event == BOUGHT:
        return _OF_ORDERS | _OF_GOODS
    return _OF_ORDERS if event == RETURNED else _OF_EVENTS


def _compare(raw: object, at: str) -> Compare:
    if raw not in COMPARES:
        raise _wrong(f"{at}.is", " ".join(COMPARES))
    return raw


def _whole(raw: object, at: str, most: int) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw <= most:
        raise _wrong(at, f"0 … {most}")
    return raw


def _texts(raw: object, at: str) -> tuple[str, ...]:
    if not isinstance(raw, list) or not raw:
        raise _wrong(at, "a list")
    if len(raw) > LIST_MAX:
        raise Fault(FaultCode.SEGMENT_LONG, what=at, limit=LIST_MAX)
    for one in raw:
        if not isinstance(one, str) or not 0 < len(one) <= TEXT_CHARS_MAX or "\x00" in one:
            raise _wrong(at, f"1 … {TEXT_CHARS_MAX}")
    return tuple(dict.fromkeys(raw))


def _ids(raw: object, at: str) -> tuple[UUID, ...]:
    if not isinstance(raw, list):
        raise _wrong(at, "a list")
    if len(raw) > LIST_MAX:
        raise Fault(FaultCode.SEGMENT_LONG, what=at, limit=LIST_MAX)
    try:
        return tuple(dict.fromkeys(UUID(one) for one in raw))
    except (ValueError, AttributeError, TypeError):
        raise _wrong(at, "UUID") from None


def _object(
    raw: object, at: str, names: frozenset[str] | set[str] | Sequence[str]
) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _wrong(at or "definition", "an object")
    for name in raw:
        if name not in names:
            where = f"{at}.{name}" if at else str(name)
            raise _wrong(where[:TEXT_CHARS_MAX], ", ".join(sorted(names)))
    return raw


def _wrong(at: str, wanted: str) -> Fault:
    return Fault(FaultCode.SEGMENT_SHAPE, at=at, wanted=wanted)


def _leaves(node: Node) -> Iterator[TagIs | Happened]:
    if isinstance(node, Group):
        for part in node.parts:
            yield from _leaves(part)
    elif isinstance(node, Not):
        yield from _leaves(node.part)
    else:
        yield node

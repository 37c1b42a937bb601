"""The evidence graph: links are rows, a person is what standing links join.

Who is one person follows from the links that stand and from nothing else: not from the order they
came in, nor from links that were taken back. So an un-merge has nothing to undo. Only what hangs
together is worked out anew when a link comes or goes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from retail_core.insight.persons.kinds import MEMBER, Handle, Rules


@dataclass(frozen=True, slots=True)
class Link:
    """A row of evidence: who said when, by which rule, that two names are (not) one person.

    `apart` is somebody's word that they are two persons; no other link joins them while it stands.
    """

    link_id: str
    first: Handle
    second: Handle
    source: str
    at_ms: int
    rule: str
    apart: bool = False

    @property
    def ends(self) -> tuple[Handle, Handle]:
        """Return both names."""
        return self.first, self.second


@dataclass(frozen=True, slots=True)
class Refused:
    """A link that stands and joins nobody: why is a kind's limit, or a word.

    `blocked`, `shared`; `apart`: somebody said so; `weak`: two members by what somebody says of
    herself; `browser`: it named somebody else first. All but the first two are worth a look.
    """

    link_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Person:
    """Names that are one person; `links` joined them."""

    handles: frozenset[Handle]
    links: frozenset[str] = frozenset()

    def of(self, kind: str) -> tuple[str, ...]:
        """Return the names of a kind, sorted."""
        return tuple(sorted(one.value for one in self.handles if one.kind == kind))


@dataclass(slots=True)
class _Cluster:
    handles: set[Handle]
    links: set[str] = field(default_factory=set)
    kinds: dict[str, set[str]] = field(default_factory=dict)


class EvidenceGraph:
    """Standing links and who is one person by them."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self._links: dict[str, Link] = {}
        self._at: defaultdict[Handle, set[str]] = defaultdict(set)
        self._person: dict[Handle, Person] = {}
        self._refused: dict[str, Refused] = {}

    def add(self, *links: Link) -> frozenset[Handle]:
        """Hear links; return the names whose person is another than before. Again is nothing."""
        new = [one for one in links if one.link_id not in self._links]
        for one in new:
            self._links[one.link_id] = one
            for end in one.ends:
                self._at[end].add(one.link_id)
        return self._work_out(end for one in new for end in one.ends)

    def retract(self, *link_ids: str) -> frozenset[Handle]:
        """Take links back; return the names whose person is another than before."""
        gone = [self._links.pop(one) for one in link_ids if one in self._links]
        for one in gone:
            self._refused.pop(one.link_id, None)
            for end in one.ends:
                self._at[end].discard(one.link_id)
        changed = self._work_out(end for one in gone for end in one.ends)
        for end in {end for one in gone for end in one.ends if not self._at[end]}:
            del self._at[end], self._person[end]
        return changed

    def person(self, handle: Handle) -> Person:
        """Return who somebody is; a name nobody linked is a person by itself."""
        return self._person.get(handle) or Person(frozenset({handle}))

    def persons(self) -> frozenset[Person]:
        """Return everybody who is linked to anything."""
        return frozenset(self._person.values())

    def refused(self) -> Mapping[str, Refused]:
        """Return the links that stand and join nobody, by their ids."""
        return dict(self._refused)

    def _work_out(self, changed: Iterable[Handle]) -> frozenset[Handle]:
        seen: set[Handle] = set()
        other: set[Handle] = set()
        for start in changed:
            if start not in seen:
                together = self._together(start)
                seen |= together
                for person in self._resolved(together):
                    other |= {one for one in person.handles if self._person.get(one) != person}
                    self._person.update(dict.fromkeys(person.handles, person))
        return frozenset(other)

    def _together(self, start: Handle) -> set[Handle]:
        """Return everything that could be one person with a name, limits left aside."""
        found, waiting = {start}, [start]
        while waiting:
            for link_id in self._at[waiting.pop()]:
                link = self._links[link_id]
                if link.apart or not self.rules.joins(*link.ends):
                    continue
                new = [end for end in link.ends if end not in found]
                found.update(new)
                waiting.extend(new)
        return found

    def _resolved(self, handles: set[Handle]) -> Iterator[Person]:
        links = {one for handle in handles for one in self._at[handle]}
        clusters = {one: _Cluster({one}, set(), {one.kind: {one.value}}) for one in handles}
        enemies = self._enemies(links)
        for link in sorted((self._links[one] for one in links), key=self._order):
            if link.apart:
                continue
            if not self.rules.joins(*link.ends):
                nobody = any(map(self.rules.names_nobody, link.ends))
                self._refused[link.link_id] = Refused(
                    link.link_id, "blocked" if nobody else "shared"
                )
                continue
            one, two = (clusters[end] for end in link.ends)
            why = "" if one is two else self._hindrance(link, one, two, enemies)
            if why:
                self._refused[link.link_id] = Refused(link.link_id, why)
                continue
            self._refused.pop(link.link_id, None)
            _join(one, two, clusters).links.add(link.link_id)
        for cluster in {id(one): one for one in clusters.values()}.values():
            yield Person(frozenset(cluster.handles), frozenset(cluster.links))

    def _order(self, link: Link) -> tuple[tuple[int, int], int, str]:
        return self.rules.rank(*link.ends), link.at_ms, link.link_id

    def _enemies(self, links: Iterable[str]) -> Mapping[Handle, set[Handle]]:
        found: defaultdict[Handle, set[Handle]] = defaultdict(set)
        for link in (self._links[one] for one in links):
            if link.apart:
                found[link.first].add(link.second)
                found[link.second].add(link.first)
        return found

    def _hindrance(
        self, link: Link, one: _Cluster, two: _Cluster, enemies: Mapping[Handle, set[Handle]]
    ) -> str:
        if enemies and any(enemies.get(handle, set()) & two.handles for handle in one.handles):
            return "apart"
        kinds = [self.rules.kind(end.kind) for end in link.ends]
        if any(kind.weak for kind in kinds) and MEMBER in one.kinds and MEMBER in two.kinds:
            return "weak"
        if any(kind.browser for kind in kinds) and self._named(one) and self._named(two):
            return "browser"
        return next(
            (
                kind
                for kind in sorted(one.kinds.keys() & two.kinds.keys())
                if len(one.kinds[kind] | two.kinds[kind]) > self.rules.kind(kind).limit
            ),
            "",
        )

    def _named(self, cluster: _Cluster) -> bool:
        return not all(self.rules.kind(kind).browser for kind in cluster.kinds)


def _join(one: _Cluster, two: _Cluster, clusters: dict[Handle, _Cluster]) -> _Cluster:
    """Pour the smaller cluster into the larger one."""
    if one is two:
        return one
    small, large = sorted((one, two), key=lambda cluster: len(cluster.handles))
    large.handles |= small.handles
    large.links |= small.links
    for kind, values in small.kinds.items():
        large.kinds.setdefault(kind, set()).update(values)
    clusters.update(dict.fromkeys(small.handles, large))
    return large

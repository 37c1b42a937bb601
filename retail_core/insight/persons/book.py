"""Evidence and what was said, posted and agreed under each name, as one book."""

from collections import defaultdict
from dataclasses import dataclass, field

from retail_core.insight.persons.graph import EvidenceGraph, Link
from retail_core.insight.persons.kinds import Handle
from retail_core.insight.persons.profile import Agreed, Moved, Profile, Said, profile_of

Word = Said | Agreed | Moved


@dataclass(slots=True)
class PersonBook:
    """Persons of one chain; a word that comes again is nothing."""

    graph: EvidenceGraph = field(default_factory=EvidenceGraph)
    _words: defaultdict[Handle, dict[str, Word]] = field(default_factory=lambda: defaultdict(dict))

    def hear(self, word: Word) -> None:
        """Keep what was said under a name."""
        self._words[word.handle].setdefault(_id_of(word), word)

    def merge(self, *links: Link) -> frozenset[Handle]:
        """Let evidence stand; return whose person changed."""
        return self.graph.add(*links)

    def unmerge(self, *link_ids: str) -> frozenset[Handle]:
        """Take evidence back; return whose person changed."""
        return self.graph.retract(*link_ids)

    def profile(self, handle: Handle) -> Profile:
        """Return the person a name belongs to, as she is now."""
        handles = self.graph.person(handle).handles
        words = [word for one in handles for word in self._words.get(one, {}).values()]
        return profile_of(
            handles,
            [one for one in words if isinstance(one, Said)],
            [one for one in words if isinstance(one, Agreed)],
            [one for one in words if isinstance(one, Moved)],
        )

    def profiles(self) -> dict[Handle, Profile]:
        """Return everybody, by each name anything was said under."""
        return {handle: self.profile(handle) for handle in sorted(self._words)}


def _id_of(word: Word) -> str:
    match word:
        case Said():
            return f"said:{word.said_id}"
        case Agreed():
            return f"agreed:{word.agreed_id}"
        case Moved():
            return f"moved:{word.moved_id}"

"""Compares everybody with everybody in memory, by how many fields agree."""

from collections.abc import Sequence
from itertools import combinations

from cloud_broker.ports.evidence import Alike
from retail_core.insight.persons.records import Comparable
from retail_core.insight.persons.signs import FIELDS

SURE, MAYBE = 3, 2


class FakeLikening:
    """A `Likening`: three fields that agree are surely one person, two perhaps."""

    def alike(self, records: Sequence[Comparable]) -> tuple[Alike, ...]:
        found = []
        for one, two in combinations(sorted(records, key=lambda each: each.record_id), 2):
            same = {
                name: 5.0
                for name in FIELDS
                if getattr(one, name) is not None and getattr(one, name) == getattr(two, name)
            }
            if len(same) >= MAYBE and "name" in same:
                weights = dict.fromkeys(FIELDS, 0.0) | same
                sure = len(same) >= SURE
                likely = 0.999 if sure else 0.9
                found.append(Alike(one.record_id, two.record_id, likely, weights, automatic=sure))
        return tuple(found)

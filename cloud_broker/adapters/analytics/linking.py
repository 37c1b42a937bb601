"""Records that may be one person, by likelihood (splink over DuckDB).

Households share a number, an address and a mailbox, which likelihood takes for three witnesses. So
two names that are nothing alike are never linked without somebody's look, and not even proposed
where the days of birth differ, too. A name weighs by how rare it is. The model learns from the
records themselves; of too few it keeps what it was given. It proposes; evidence, consent and people
decide.
"""

import csv
import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import duckdb
import splink.comparison_level_library as level
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.comparison_library import CustomComparison
from splink.internals.comparison_level_creator import ComparisonLevelCreator

from retail_core.insight.persons.records import Comparable

AUTOMATIC: Final = 0.99
REVIEW: Final = 0.80
LEARNS_FROM: Final = 5_000
_SEED: Final = 20_261_101
_PAIRS: Final = 1_000_000
_COLUMNS: Final = Comparable.__struct_fields__

# A family has one surname: of two characters one that is other is another name.
_ONE_OFF: Final = "(levenshtein(l.letters, r.letters) <= 1 and length(l.name) > 2)"
_PROPOSED: Final = f"""
select least(unique_id_l, unique_id_r), greatest(unique_id_l, unique_id_r),
  case when unlike or (other_name and other_day)
    then least(match_probability, {AUTOMATIC - 0.001:.3f}) else match_probability end{{weights}}
from (
  select {{table}}.*,
    coalesce(l.sound <> r.sound, false) as other_name,
    coalesce(l.sound <> r.sound and not {_ONE_OFF}, false) as unlike,
    coalesce(levenshtein(l.born, r.born) > 1, false) as other_day
  from {{table}} join records l on l.unique_id = unique_id_l
  join records r on r.unique_id = unique_id_r
) where not (unlike and other_day) order by 1, 2
"""  # noqa: S608 - our own numbers and splink's own table
COMPARED: Final = ("name", "phone", "email", "born", "address")
# How often a name is seen is a part of what it weighs.
_WEIGHTS: Final = ", mw_name + mw_tf_adj_name, mw_phone, mw_email, mw_born, mw_address"
_Levels = list[ComparisonLevelCreator | dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two records that may be one person, the lower id first; `likely` from 0 to 1.

    `weights` are bits for (above 0) and against it by what is compared, where they were asked for.
    """

    first: str
    second: str
    likely: float
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def automatic(self) -> bool:
        """Tell whether nobody has to look; a wallet is not joined by that."""
        return self.likely >= AUTOMATIC


def candidates(
    records: Iterable[Comparable],
    *,
    memory: str = "2GB",
    work: Path | None = None,
    weigh: bool = False,
) -> tuple[Candidate, ...]:
    """Return pairs at least as likely as `REVIEW`, by their ids; needs room for them.

    With `weigh` each says by what, which costs time over a large file.
    """
    with tempfile.TemporaryDirectory(prefix="regulars-link-", dir=work) as place, _quiet():
        connection = duckdb.connect()
        try:
            connection.execute(f"set memory_limit = '{memory}'")
            connection.execute(f"set temp_directory = '{_quoted(Path(place))}'")
            many = _load(connection, records, Path(place) / "records.csv")
            if many < 2:  # noqa: PLR2004 - a pair
                return ()
            backend = DuckDBAPI(connection)
            settings = _settings(many, weigh=weigh)
            linker = Linker(backend.register("records"), settings, log_level=logging.ERROR)
            if many >= LEARNS_FROM:
                _learn(linker)
            found = linker.inference.predict(
                threshold_match_probability=REVIEW, warning_mode="never"
            )
            weights = _WEIGHTS if weigh else ""
            proposed = _PROPOSED.format(table=found.physical_name, weights=weights)
            rows = connection.execute(proposed).fetchall()
        finally:
            connection.close()
    return tuple(
        Candidate(row[0], row[1], row[2], dict(zip(COMPARED, row[3:], strict=weigh)))
        for row in rows
    )


def _load(connection: duckdb.DuckDBPyConnection, records: Iterable[Comparable], file: Path) -> int:
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerows(map(attrgetter(*_COLUMNS), records))
    columns = dict.fromkeys(("unique_id", *_COLUMNS[1:]), "varchar")
    connection.execute(
        "create table records as select * from read_csv('" + _quoted(file) + "', header = false,"  # noqa: S608 - our own file
        f" auto_detect = false, delim = ',', quote = '\"', nullstr = '', columns = {columns!r})"
    )
    (many,) = connection.execute("select count(*) from records").fetchall()[0]
    return int(many)


def _settings(many: int, *, weigh: bool) -> SettingsCreator:
    name: _Levels = [
        level.NullLevel("name"),
        _level(level.ExactMatchLevel("name"), 0.85, 0.003).configure(tf_adjustment_column="name"),
        _level(level.ExactMatchLevel("sound"), 0.05, 0.002),
        _level(level.LevenshteinLevel("letters", 1), 0.07, 0.03),
        _level(level.ElseLevel(), 0.03, 0.965),
    ]
    phone: _Levels = [
        level.NullLevel("phone"),
        _level(level.ExactMatchLevel("phone"), 0.85, 1e-6),
        _level(level.LevenshteinLevel("phone", 1), 0.03, 1e-5),
        _level(level.ElseLevel(), 0.12, 0.999_989),
    ]
    email: _Levels = [
        level.NullLevel("email"),
        _level(level.ExactMatchLevel("email"), 0.9, 1e-6),
        _level(level.ElseLevel(), 0.1, 0.999_999),
    ]
    born: _Levels = [
        level.NullLevel("born"),
        _level(level.ExactMatchLevel("born"), 0.95, 6e-5),
        _level(level.LevenshteinLevel("born", 1), 0.03, 1e-3),
        _level(level.ElseLevel(), 0.02, 0.998_94),
    ]
    address: _Levels = [
        level.NullLevel("address"),
        _level(level.ExactMatchLevel("address"), 0.6, 1e-4),
        _level(level.ExactMatchLevel("district"), 0.2, 0.01),
        _level(level.ElseLevel(), 0.2, 0.9899),
    ]
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            CustomComparison(levels, name)
            for name, levels in (
                ("name", name),
                ("phone", phone),
                ("email", email),
                ("born", born),
                ("address", address),
            )
        ],
        blocking_rules_to_generate_predictions=[
            block_on("phone"),
            block_on("email"),
            block_on("name", "born"),
            block_on("sound", "address"),
            block_on("born", "district"),
        ],
        # Every other record may have a second one; of a handful nobody is taken for probably one.
        probability_two_random_records_match=min(0.001, 1 / many),
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=weigh,
    )


def _level(one: ComparisonLevelCreator, m: float, u: float) -> ComparisonLevelCreator:
    """Return a level with how often it is seen of one person (m) and of two (u)."""
    return one.configure(m_probability=m, u_probability=u)


def _learn(linker: Linker) -> None:
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on("phone", "sound"), block_on("email", "sound")], recall=0.7
    )
    training.estimate_u_using_random_sampling(max_pairs=_PAIRS, seed=_SEED)
    training.estimate_parameters_using_expectation_maximisation(block_on("phone"), max_pairs=_PAIRS)
    training.estimate_parameters_using_expectation_maximisation(
        block_on("name", "born"), max_pairs=_PAIRS
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep splink's advice to analysts off the screen."""
    log = logging.getLogger("splink")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")

"""Recency, frequency and value as fifths of everybody who bought."""

import ibis

from cloud_broker.domain.metrics.algebra import Table, days_between, fifth
from cloud_broker.domain.metrics.facts import Asked, Keep, beside


def scored(found: Table, asked: Asked, keep: Keep) -> Table:
    """Return the facts with score_r, score_f and score_m, 1 to 5, null for who never bought."""
    silence = days_between(found.last_on, asked.today)
    bought = keep(
        "bought",
        found.filter(found.n_orders > 0).select(
            "person_id", r=-silence, f=found.n_year, m=found.fen_year
        ),
    )
    scores = bought.select("person_id", "r", "f", "m")
    for name in ("r", "f", "m"):
        each = _scores(bought, name)
        scores = scores.join(each, scores[name] == each[f"value_{name}"]).drop(f"value_{name}")
    return beside(found, keep("scores", scores.drop("r", "f", "m")))


def _scores(bought: Table, name: str) -> Table:
    """Return the score of each value there is; the highest values come to 5.

    By how many members lie below a value. Not by `rank`: ClickHouse gives equals different ones in
    the frame that Ibis writes beside it.
    """
    each = bought.group_by(**{f"value_{name}": bought[name]}).agg(
        members=bought.person_id.count().cast("int64")
    )
    upto = ibis.cumulative_window(order_by=f"value_{name}")
    below = each.members.sum().over(upto).cast("int64") - each.members
    among = each.members.sum().over(ibis.window()).cast("int64")
    ranked = each.mutate(below=below, among=among)
    score = fifth(ranked.below, ranked.among)
    return ranked.select(f"value_{name}", **{f"score_{name}": score})

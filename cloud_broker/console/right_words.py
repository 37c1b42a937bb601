"""Why a member got something, in words: coupons, sources and the ledger's rules.

Rules are called what the offers in force call them, what the product books by itself has a word of
its own. What neither knows is shown as it stands, so that nothing is hidden.
"""

from collections.abc import Mapping

from cloud_broker.console.texts import Texts


def right_words(t: Texts, rule: str, names: Mapping[str, str]) -> str:
    """Word a rule, a coupon or a source.

    `names` are those of the rules in force by their ids; earning points has none of its own.
    """
    if rule in names:
        return names[rule] or t("right.earn")
    head, *rest = rule.split(":")
    known = t.or_else(f"right.{head.partition('.')[0]}", "")
    if not known:
        return rule
    named = [names[one] for one in rest if one in names]
    return " · ".join((known, *named[:1]))

"""The ways to share conversions out, by name."""

from collections.abc import Callable, Mapping

from retail_core.insight.attribution import markov, rules
from retail_core.insight.attribution.journeys import Journeys
from retail_core.insight.attribution.rules import Credit

WAYS: Mapping[str, Callable[[Journeys], Credit]] = {
    "markov1": lambda journeys: markov.credit(journeys, 1),
    "markov2": lambda journeys: markov.credit(journeys, 2),
    "shapley": lambda journeys: rules.credit(journeys, rules.shapley),
    "first": lambda journeys: rules.credit(journeys, rules.first),
    "last": lambda journeys: rules.credit(journeys, rules.last),
    "linear": lambda journeys: rules.credit(journeys, rules.linear),
}

"""How sure attributed conversions are: journeys drawn again and again (Poisson bootstrap)."""

import numpy as np

from retail_core.insight.attribution.journeys import Journeys
from retail_core.insight.attribution.markov import build_chain, removal_effects, share_out

LOW, HIGH = 0.025, 0.975


def intervals(
    journeys: Journeys, order: int, draws: int, rng: np.random.Generator
) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of each channel's conversions by Markov removal effects."""
    chain = build_chain(journeys, order)
    found = np.empty((draws, len(chain.channels)))
    for nth in range(draws):
        conversions = rng.poisson(journeys.conversions).astype(np.float64)
        nulls = rng.poisson(journeys.nulls).astype(np.float64)
        effects = removal_effects(chain, conversions, nulls)
        shares = share_out(effects, float(conversions.sum()))
        found[nth] = [shares[channel] for channel in chain.channels]
    low, high = np.quantile(found, (LOW, HIGH), axis=0)
    pairs = zip(low.tolist(), high.tolist(), strict=True)
    return dict(zip(chain.channels, pairs, strict=True))

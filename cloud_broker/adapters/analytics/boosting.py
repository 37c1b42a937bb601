"""A learner that challenges the model of churn: gradient-boosted trees (scikit-learn)."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from retail_core.insight.arrays import Floats
from retail_core.insight.ltv.churn import Predict

SEED = 20_261_101  # the same log gives the same trees


def learn(features: Floats, counts: Floats) -> Predict:
    """Teach trees how much customers with these features bought; they predict counts."""
    trees = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=60,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=40,
        random_state=SEED,
    )
    trees.fit(features, counts)
    return lambda rows: np.asarray(trees.predict(rows), dtype=np.float64)

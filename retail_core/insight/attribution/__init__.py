"""Which channel brought how much: journeys, exact Markov chains, Shapley values, simple rules."""

"""How a member grows with a chain: tiers, tasks, gifts. Pure rules over what she did."""

"""Plans for the line between shop and cloud: facts in, what to do next out."""

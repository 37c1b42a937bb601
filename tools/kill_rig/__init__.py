"""Real processes, killed and cut off at random while shops sell; then shop against cloud."""

"""Orders and clicks that no customer made: marked by rules, set apart, never thrown away."""

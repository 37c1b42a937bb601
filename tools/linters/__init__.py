"""Our own lints: a rule that no ready tool checks, each with the harm it prevents."""

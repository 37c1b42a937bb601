"""Who stands at the till, how sure that is, and what may be done on it."""

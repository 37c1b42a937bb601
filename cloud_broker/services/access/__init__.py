"""Who may ask: people at HQ, partner systems, and what each of them may see."""

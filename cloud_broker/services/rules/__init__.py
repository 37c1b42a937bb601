"""Rules being written: drafts, checks and rehearsals, publication to all or some stores."""

"""`regulars`: prices, proofs and rehearsals from files, for whoever writes or checks the rules."""

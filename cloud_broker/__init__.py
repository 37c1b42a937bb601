"""The cloud beside the shops: ingest, ledger, change feed, fleet, HQ console."""

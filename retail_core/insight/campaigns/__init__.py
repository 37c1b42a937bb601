"""Campaigns: who is in, who is held out, when a message may go, what it brought, when it ends."""

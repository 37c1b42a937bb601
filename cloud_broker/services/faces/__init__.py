"""Faces as HQ decides about them: leave, consents and their end, withdrawals, models."""

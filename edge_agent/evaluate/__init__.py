"""Accuracy reports: what the box reads right, measured on any folder of examples."""

"""Customers over all channels: what channels tell, orders, files of systems before, replay."""

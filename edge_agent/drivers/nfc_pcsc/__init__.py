"""Contactless cards over PC/SC: frames, transport, driver and the card's side for tests."""

"""The member's page: opened from a link, a lane's code or the counter's tag, on any phone."""

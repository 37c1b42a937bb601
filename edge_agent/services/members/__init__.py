"""Members as persons: found, made, enrolled, called to a lane, given what lies here of them."""

"""Limits of collection; those on sizes are Segment's own."""

CALL_BYTES_MAX = 32 * 1024
BATCH_BYTES_MAX = 500 * 1024
# Even the smallest message has a few dozen bytes: no batch of the size above holds more.
BATCH_EVENTS_MAX = 10_000
NAME_CHARS_MAX = 200
ID_CHARS_MAX = 256
DEPTH_MAX = 12
# A clock that is ahead is set back to ours; an older event than this cannot be meant.
AHEAD_MAX_MS = 2 * 60 * 1_000
AGE_MAX_MS = 20 * 365 * 86_400_000
SOURCES_MAX = 100
KEYS_OF_A_SOURCE_MAX = 5
ORIGINS_MAX = 20

"""Who is one person over all channels: standing evidence says so, and taken back it never was."""

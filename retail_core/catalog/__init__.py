"""Articles and how a catalogue file becomes one."""

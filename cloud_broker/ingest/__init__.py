"""The line to the broker and the loop that books what comes over it."""

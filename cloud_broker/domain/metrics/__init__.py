"""The metric catalogue: what is said of a member, each entry an expression that runs on any engine.

Nothing here reads a clock, a file or a database: the day a tag is worked out for is an argument,
the tables are names. `python -m tools.linters` refuses engine SQL, `/` and `now()` in this folder.
"""

"""The figures of issue 5: a module a part, each with the rows it adds."""

"""Stock that follows demand: what will be asked for, what to bring where, what lies too long."""

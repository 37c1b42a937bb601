"""The line to the cloud: what is sent until it is committed, what comes and is applied."""

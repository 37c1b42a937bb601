"""The commands of `cloud-broker`, a file for each kind of work."""

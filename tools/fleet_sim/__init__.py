"""Many stores in few processes, each with the production journal, uplink, replica and downlink."""

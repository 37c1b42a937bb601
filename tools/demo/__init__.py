"""Three shops, the cloud and one story, with simulated peripherals and the production drivers."""

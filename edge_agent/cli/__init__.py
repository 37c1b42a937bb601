"""The commands of `edge-agent`: what a technician and the service manager call."""

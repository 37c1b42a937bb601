"""What members gain: tiers and what they bring, tasks, shared links, the mall."""

"""What other channels tell of visitors: messages in Segment's shape, checked and made plain."""

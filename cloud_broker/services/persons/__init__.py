"""Members that are one person, and the summary by which a box knows them."""

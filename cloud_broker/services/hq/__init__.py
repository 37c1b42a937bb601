"""What HQ sees and decides of its clerks, its tills and the repair queue."""

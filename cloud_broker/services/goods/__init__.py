"""Master data: articles, prices and stock, from a file to what holds."""

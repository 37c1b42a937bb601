"""Messages between shop and cloud: versioned msgpack, golden files in `tests/golden/wire`."""

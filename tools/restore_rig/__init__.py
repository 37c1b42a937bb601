"""A cloud is lost and restored from an old backup, over real PostgreSQL, mosquitto and boxes."""

"""From MQTT to one database transaction, then the acknowledgement."""

"""PostgreSQL: the one place where SQL stands. The schema is in `cloud_broker/migrations/sql`."""

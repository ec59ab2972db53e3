"""The operational store: what is planned, sent, asked for and promised, durable on SQLite or PostgreSQL."""

"""Bodies, fields, failures and streams as they stand on the wire."""

"""The batches at the server: looked at, followed, cancelled, read."""

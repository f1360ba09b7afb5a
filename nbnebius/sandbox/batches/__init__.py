"""``v1/batches``: files of requests, answered in the background."""

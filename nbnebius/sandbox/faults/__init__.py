"""What goes wrong on purpose, for tests and demonstrations."""

"""The small, honest, deterministic engines behind the answers."""

"""The chat completions area, from body to frames."""

"""What the sandbox keeps in its data folder."""

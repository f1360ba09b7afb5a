"""``v0/models``: models made from a base model and a checkpoint."""

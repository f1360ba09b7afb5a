"""A frame's vectors as a map, searched and selected from."""

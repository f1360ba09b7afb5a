"""A conversation: asked, stopped, mended and turned into a cell."""

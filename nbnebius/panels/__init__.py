"""Panels: ipywidgets over a session, each a plain state and a thin view."""

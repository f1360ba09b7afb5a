"""Panels: ipywidgets over a session, each a plain state and a thin view."""

from nbnebius.panels.opening import PANELS, panel

__all__ = ["PANELS", "panel"]

"""Pictures drawn, varied and swept over."""

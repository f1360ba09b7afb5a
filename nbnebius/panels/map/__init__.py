"""A question for each row of a frame: written, priced, run, and its answers looked through."""

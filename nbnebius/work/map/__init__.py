"""A question for each row of a frame: never lost, never paid twice, never above the budget."""

"""What was spent, by model and day, against the budget."""

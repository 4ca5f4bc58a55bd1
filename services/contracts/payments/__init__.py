"""Money received and returned."""

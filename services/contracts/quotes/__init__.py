"""What a treatment costs, and the ways to pay for it."""

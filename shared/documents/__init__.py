"""Documents that people read, sign and keep."""

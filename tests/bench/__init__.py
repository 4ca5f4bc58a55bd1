"""Measures the platform against a reference in one run: `make bench`."""

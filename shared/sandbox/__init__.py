"""Realistic, labelled counterparties for installations that are not connected to the real ones."""

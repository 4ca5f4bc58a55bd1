"""Contracts: parties, versions, schedules, settlements."""

"""The directory hears no events and defers no work: everybody asks it, and it asks nobody."""

"""The demo group: a made-up world of four locations, its rows, and the story that `archwire demo` plays."""

"""Reading untrusted files: what they are, whether they are whole, and what must not stay in them."""

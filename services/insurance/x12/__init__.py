"""X12, the files that providers and payers exchange: a library of its own, without database or framework.

Reading is lenient and streaming (`read_271`), writing is strict (`write_837d`). Every problem is a Finding that names
its place in the file and holds no data of it. The grammar is our own, from public sources: X12's guides are licensed.
"""

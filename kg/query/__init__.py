"""Ask the graph: saved questions, files and SPARQL text, read-only and offline.

Nothing is imported here: the process of a query starts before the rest is loaded.
"""

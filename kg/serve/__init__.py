"""The graph over HTTP: a SPARQL endpoint for programs, and a small site for people."""

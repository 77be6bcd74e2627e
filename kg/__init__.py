"""A knowledge graph of policy texts in which every fact leads back to its sentence."""

"""Training of the entity recogniser that ships in the package."""

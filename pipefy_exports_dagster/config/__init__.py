"""The one configuration: its sections, their checks, the names that follow from it, and the environment."""

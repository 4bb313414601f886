"""The configuration as a Dagster component, for YAML in other people's projects."""

"""How costs grow: with the database, the number of reports, the event log and the archive."""

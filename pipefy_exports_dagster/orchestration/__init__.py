"""The only part that knows Dagster: assets, resources, jobs, schedules, and the ledger in the event log."""

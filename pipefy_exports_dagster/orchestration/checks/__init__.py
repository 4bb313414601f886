"""Asset checks: what is checked after a load, and what should be there by now."""

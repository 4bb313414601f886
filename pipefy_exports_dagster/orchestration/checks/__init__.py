"""Asset checks: what is looked at after a load, and what should be there by now."""

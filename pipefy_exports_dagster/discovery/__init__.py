"""Finding an organization's saved reports, and keeping what was found."""

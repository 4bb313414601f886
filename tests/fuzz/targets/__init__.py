"""One module for each place: what comes in, and what must hold whatever it is."""

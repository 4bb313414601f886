"""The history assets, with their schedule and sensor."""

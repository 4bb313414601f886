"""Waiting without a run: the sensor that asks about pending exports, and what it launches."""

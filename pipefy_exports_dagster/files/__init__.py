"""Files on this machine: private ones, locks, and names that are safe."""

"""Files on this machine: private ones, and names that are safe."""

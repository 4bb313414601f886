"""What a materialization shows in the UI."""

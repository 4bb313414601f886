"""Messages to people, by apprise: whom to tell, what is sent, and a process of its own that sends it."""

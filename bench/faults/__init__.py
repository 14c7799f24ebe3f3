"""What is done to Veille to make it lose, repeat or forget: docs/reliability.md has the figures."""

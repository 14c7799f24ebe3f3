"""The read side: queries over what was stored."""

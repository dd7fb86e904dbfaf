"""Archives that move in and out."""

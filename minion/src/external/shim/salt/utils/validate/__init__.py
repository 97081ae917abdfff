"""What is valid."""

"""What really happened, and to which prediction it belongs."""

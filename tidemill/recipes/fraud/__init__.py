"""Orders that come back, as fraud does: rare, dear, and known weeks later. Real orders and refunds of a shop."""

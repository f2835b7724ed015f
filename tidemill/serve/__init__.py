"""Serving: answers with the released model, and writes every answer and outcome down. No training code here."""

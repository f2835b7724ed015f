"""Who stops buying: customers of a real shop every two weeks, declared in two lines."""

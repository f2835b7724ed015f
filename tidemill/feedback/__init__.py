"""What really happened, and to which prediction it belongs.

`join` decides once for every outcome, in whatever order answers and outcomes arrive. `trace` walks from a served
prediction back to the rows of the files that it came from, and from rows forward to the models and answers they touched.
"""

"""Charts as SVG text, made on the server: bars, lines, graphs, the loop, a rollout."""

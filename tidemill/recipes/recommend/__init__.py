"""The shop: product recommendation on Online Retail II (UCI, CC BY 4.0), and the demo.

The demo builds year one through the three pipelines, starts the server, and plays the shop's second year against it over
HTTP, day by day (`replay`): visits ask for ten items, purchases come back as feedback, files arrive, the loop decides.
In the middle somebody forces a bad model past the gates (`sabotage`), to see it rolled back. `compare` keeps the books of
what the same requests would have met without the loop; `summary` shows both.
"""

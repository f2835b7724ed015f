"""Checking rows: which are good, and for each bad one every reason.

`columns` casts what a source gives (text or typed) to what the contract says, `checks` compiles the contract's rules into
one lazy polars pass. A row is never mended in silence: it is good, or it is bad with the rules that it breaks.
"""

"""A version built again and held against its record: `verify` asks, `held` compares step by step, `data` looks at the dataset versions,
`said` tells.
"""

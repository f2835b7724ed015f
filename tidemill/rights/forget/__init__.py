"""A person taken out of what the project keeps: step by step, each of which may be done again, so that who was stopped goes on.

`tables` gives each dataset that holds them its next generation, `erase` leads the steps, `scan` looks again at everything, after it has
found what it planted in every format. What is still named somewhere is told, and then nothing says that it is done.
"""

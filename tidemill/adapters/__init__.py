"""What other systems do for Tidemill, a file each: it implements one port, and nobody imports it.

The packages that it needs are extras; it is found by its entry point. `ray`: steps and trials on a cluster.
"""

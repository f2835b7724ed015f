"""Watching what is served: windows, drift, decay, quality, platform, alarms."""

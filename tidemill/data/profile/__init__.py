"""Profiles: what each column of a version holds, in a few kilobytes whatever the number of rows.

Profiles of parts merge into the profile of the whole exactly (`quantiles`: DDSketch; distinct values: HyperLogLog), so a
version's profile is the one before it plus what came, and two versions are compared without reading either.
"""

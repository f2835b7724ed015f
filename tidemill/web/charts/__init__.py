"""Pictures as SVG text, made on the server, without script and without inline style (docs/decisions/0003).

`svg` is what all share: elements, frames, scales, axes. Every picture has a role, a title and a description, and takes its
colours from classes of the one style sheet.
"""

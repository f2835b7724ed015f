"""What a model version says of itself, for whoever has to sign it: the card, and the bill of materials.

`describe` writes the card's text when the version is made. `facts` reads all that the records know of a version; `hub` says it as the
metadata of Hugging Face's hub, `bom` as a CycloneDX bill of materials, `page` as a page to be printed.
"""

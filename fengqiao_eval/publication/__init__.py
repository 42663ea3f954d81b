"""What may be shown to the public of a run: small cells kept back, and the page that is handed out."""

PAGE = "public.html"
"""How the page for the public is called in the folder of a run."""

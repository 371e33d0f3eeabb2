"""The terminal dashboard, built on Textual, which only this room needs: `ui` says how to get it where it is missing."""

"""OCI images: a closure becomes layers, a manifest, and a layout on disk; skopeo takes it to every other place.

Not for what is in an image (plan/image.py, plan/layers.py), nor for serving it (registry/).
"""

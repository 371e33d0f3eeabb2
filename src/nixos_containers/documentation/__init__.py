"""Texts made from what is declared: the option reference as Markdown, HTML and a manual page. Pure.

Not for evaluating options (evaluate/) nor for prose that people write (docs/).
"""

"""Carries plans out: starts, stops, enters, repairs, keeps records. The only room that changes the host.

Not for deciding what to do: plan/ did that.
"""

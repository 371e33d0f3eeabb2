# A package, as a string.
{ }: "deep"

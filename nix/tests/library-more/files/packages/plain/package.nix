# A package, as a string.
{ }: "plain"

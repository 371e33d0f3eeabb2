# People, for `meta.maintainers`: `lib.maintainers`.  Empty: the embedded packages
# are maintained in the Debian archive, and names of people are not ours to keep.
{ lib }:

{ }

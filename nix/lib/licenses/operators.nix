# The operators of SPDX licence expressions, as functions that build them.
#
# Not for: evaluating an expression, see ./helpers.nix.
let
  compound = operator: licenses: {
    licenseType = "compound";
    inherit operator licenses;
  };
in
{
  # The user may choose one of the list.
  OR = compound "OR";

  # All of the list apply.
  AND = compound "AND";

  # A licence with an exception to it.
  WITH = license: exception: {
    licenseType = "exception";
    operator = "WITH";
    inherit license exception;
  };

  # This version of the licence or a later one.
  PLUS = license: {
    licenseType = "plus";
    operator = "+";
    inherit license;
  };
}

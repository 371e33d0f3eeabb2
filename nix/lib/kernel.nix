# The words in which a kernel configuration is written: yes, no, module, free
# text, and conditions on the version.
#
# Not for: building kernels. Guests run on their host's kernel; the words are
# here so that modules which mention them evaluate.
{ lib }:

let
  inherit (lib) mkIf versionAtLeast versionOlder;
in
{
  option = item: item // { optional = true; };

  yes = {
    tristate = "y";
    optional = false;
  };

  no = {
    tristate = "n";
    optional = false;
  };

  module = {
    tristate = "m";
    optional = false;
  };

  unset = {
    tristate = null;
    optional = false;
  };

  freeform = text: {
    freeform = text;
    optional = false;
  };

  # Conditions on the version that is being configured.
  whenHelpers = version: {
    whenAtLeast = min: mkIf (versionAtLeast version min);
    whenOlder = max: mkIf (versionOlder version max);
    whenBetween = min: max: mkIf (versionAtLeast version min && versionOlder version max);
  };
}

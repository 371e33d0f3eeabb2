# Questions about licence expressions, and their text in SPDX notation.
#
# Not for: plain lists of licences, whose meaning (and? or?) nobody can know.
{ lib }:

let
  # `permissive` says who reads: someone who picks what suits him best (one
  # alternative of OR is enough), or someone who looks for what could bind him
  # (then one part of AND is enough).
  walk =
    leaf: permissive:
    let
      ask = walk leaf permissive;
      some = if permissive then lib.any else lib.all;
      every = if permissive then lib.all else lib.any;
    in
    license:
    if license.licenseType == "simple" then
      leaf license
    else if license.licenseType == "compound" then
      if license.operator == "OR" then
        some ask license.licenses
      else if license.operator == "AND" then
        every ask license.licenses
      else
        throw "Unknown license operator"
    else if license.licenseType == "exception" then
      ask license.license && ask license.exception
    else if license.licenseType == "plus" then
      ask license.license
    else
      throw "Unknown license type or legacy license";
in
rec {
  # predicate: permissive: license: whether the expression has the property
  evaluateProperty = walk;

  # The same for a boolean attribute of every licence.
  evaluateNamedProperty = name: walk (license: license.${name});

  isFree = evaluateNamedProperty "free" true;

  isRedistributable = evaluateNamedProperty "redistributable" true;

  # Whether one of the licences could apply.
  containsLicenses = licenses: walk (license: lib.elem license licenses) false;

  # "NCSA AND (Apache-2.0 WITH LLVM-exception)"
  toSPDX =
    license:
    let
      inner =
        part:
        if part.licenseType == "compound" || part.licenseType == "exception" then
          "(${toSPDX part})"
        else
          toSPDX part;
    in
    if license.licenseType == "simple" then
      license.spdxId or "LicenseRef-nixos-${license.shortName}"
    else if license.licenseType == "compound" then
      lib.concatMapStringsSep " ${license.operator} " inner license.licenses
    else if license.licenseType == "exception" then
      "${inner license.license} ${license.operator} ${inner license.exception}"
    else if license.licenseType == "plus" then
      inner license.license + license.operator
    else
      throw "Unknown license type";
}

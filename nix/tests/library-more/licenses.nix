# lib.licenses, lib.sourceTypes: the tables and the expressions made of them.
{ lib }:

let
  inherit (lib) licenses;
  inherit (licenses)
    AND
    OR
    PLUS
    WITH
    ;
  all = lib.filterAttrs (_: license: license ? shortName) licenses;
  free = licenses.asl20;
  unfree = licenses.unfree;
in
{
  "a free licence in full" = {
    expr = licenses.mit;
    expected = {
      shortName = "mit";
      fullName = "MIT License";
      spdxId = "MIT";
      url = "https://spdx.org/licenses/MIT.html";
      free = true;
      redistributable = true;
      deprecated = false;
      licenseType = "simple";
    };
  };
  "the attribute is the short name" = {
    expr = licenses.gpl3Plus.shortName;
    expected = "gpl3Plus";
  };
  "unless it has another one" = {
    expr = [
      licenses.nvidiaCuda.shortName
      licenses.ecl20.shortName
    ];
    expected = [
      "CUDA EULA"
      "ECL 2.0"
    ];
  };
  "identifiers that are asked for most" = {
    expr = map (name: licenses.${name}.spdxId) [
      "agpl3Plus"
      "asl20"
      "bsd2"
      "bsd3"
      "cc0"
      "gpl2Only"
      "gpl2Plus"
      "gpl3Only"
      "isc"
      "lgpl21Plus"
      "mpl20"
      "ofl"
      "psfl"
      "unlicense"
      "zlib"
    ];
    expected = [
      "AGPL-3.0-or-later"
      "Apache-2.0"
      "BSD-2-Clause"
      "BSD-3-Clause"
      "CC0-1.0"
      "GPL-2.0-only"
      "GPL-2.0-or-later"
      "GPL-3.0-only"
      "ISC"
      "LGPL-2.1-or-later"
      "MPL-2.0"
      "OFL-1.1"
      "Python-2.0"
      "Unlicense"
      "Zlib"
    ];
  };
  "an unfree licence" = {
    expr = {
      inherit (unfree) free redistributable fullName;
      page = unfree ? url;
      id = unfree ? spdxId;
    };
    expected = {
      free = false;
      redistributable = false;
      fullName = "Unfree";
      page = false;
      id = false;
    };
  };
  "unfree, but it may be passed on" = {
    expr = map (license: [ license.free license.redistributable ]) [
      licenses.unfreeRedistributable
      licenses.bsl11
      licenses.sspl
      licenses.nvidiaCudaRedist
    ];
    expected = lib.replicate 4 [
      false
      true
    ];
  };
  "firmware counts as free" = {
    expr = licenses.unfreeRedistributableFirmware.free;
    expected = true;
  };
  "old names are marked" = {
    expr = lib.attrNames (lib.filterAttrs (_: license: license.deprecated) all);
    expected = [
      "apsl10"
      "apsl20"
      "gpl2"
      "gpl3"
      "lgpl2"
      "lgpl21"
      "lgpl3"
    ];
  };
  "a licence without an identifier has its own page" = {
    expr = licenses.postman.url;
    expected = "https://www.getpostman.com/licenses/postman_base_app";
  };
  "every licence has a name and its flags" = {
    expr = lib.attrNames (
      lib.filterAttrs (
        _: license:
        !(
          lib.isString license.fullName
          && lib.isBool license.free
          && lib.isBool license.redistributable
          && lib.isBool license.deprecated
          && license ? spdxId == lib.hasPrefix "https://spdx.org/" (license.url or "")
        )
      ) all
    );
    expected = [ ];
  };
  "there are many" = {
    expr = lib.length (lib.attrNames all) >= 280;
    expected = true;
  };
  "free things may be passed on" = {
    expr = lib.attrNames (lib.filterAttrs (_: l: l.free && !l.redistributable) all);
    expected = [ ];
  };

  # --- expressions ----------------------------------------------------------

  "what the operators make" = {
    expr = [
      (OR [ free ])
      (AND [ free ])
      (WITH free licenses.llvm-exception)
      (PLUS free)
    ];
    expected = [
      {
        licenseType = "compound";
        operator = "OR";
        licenses = [ free ];
      }
      {
        licenseType = "compound";
        operator = "AND";
        licenses = [ free ];
      }
      {
        licenseType = "exception";
        operator = "WITH";
        license = free;
        exception = licenses.llvm-exception;
      }
      {
        licenseType = "plus";
        operator = "+";
        license = free;
      }
    ];
  };
  "free as a whole" = {
    expr = map licenses.isFree [
      free
      unfree
      (OR [
        free
        unfree
      ])
      (AND [
        free
        unfree
      ])
      (WITH free licenses.llvm-exception)
      (PLUS free)
      (AND [
        free
        (OR [
          unfree
          licenses.mit
        ])
      ])
    ];
    expected = [
      true
      false
      true
      false
      true
      true
      true
    ];
  };
  "redistributable as a whole" = {
    expr = map licenses.isRedistributable [
      (AND [
        free
        licenses.bsl11
      ])
      (AND [
        free
        unfree
      ])
    ];
    expected = [
      true
      false
    ];
  };
  "whether a licence could apply" = {
    expr = map (licenses.containsLicenses [ free ]) [
      free
      licenses.mit
      (AND [
        licenses.mit
        free
      ])
      (OR [
        licenses.mit
        free
      ])
    ];
    expected = [
      true
      false
      true
      false
    ];
  };
  "any question" = {
    expr = [
      (licenses.evaluateProperty (license: license.shortName == "mit") true (OR [
        free
        licenses.mit
      ]))
      (licenses.evaluateNamedProperty "deprecated" false (AND [
        free
        licenses.gpl2
      ]))
    ];
    expected = [
      true
      true
    ];
  };
  "SPDX text" = {
    expr = map licenses.toSPDX [
      free
      (AND [
        licenses.ncsa
        (WITH free licenses.llvm-exception)
      ])
      (OR [
        licenses.mit
        (PLUS licenses.eupl11)
      ])
      unfree
    ];
    expected = [
      "Apache-2.0"
      "NCSA AND (Apache-2.0 WITH LLVM-exception)"
      "MIT OR EUPL-1.1+"
      "LicenseRef-nixos-unfree"
    ];
  };
  "a licence of one's own is no expression" = {
    expr = licenses.isFree { licenseType = "mine"; };
    error = "Unknown license type or legacy license";
  };
  "nor is an operator" = {
    expr = licenses.isFree {
      licenseType = "compound";
      operator = "XOR";
    };
    error = "Unknown license operator";
  };

  # --- the neighbours -------------------------------------------------------

  "where content comes from" = {
    expr = lib.sourceTypes;
    expected = {
      fromSource = {
        shortName = "fromSource";
        isSource = true;
      };
      binaryNativeCode = {
        shortName = "binaryNativeCode";
        isSource = false;
      };
      binaryBytecode = {
        shortName = "binaryBytecode";
        isSource = false;
      };
      binaryFirmware = {
        shortName = "binaryFirmware";
        isSource = false;
      };
    };
  };
  "no people are listed" = {
    expr = [
      lib.maintainers
      lib.teams
    ];
    expected = [
      { }
      { }
    ];
  };
}

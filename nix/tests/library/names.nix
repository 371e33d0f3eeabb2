# The public names: what people write after `lib.` without naming a part, and
# what only the parts have. Nothing may disappear unnoticed.
{ lib }:
let
  # The names of a list that `where` does not have.
  missing = where: names: builtins.filter (name: !(where ? ${name})) (lib.splitString " " names);

  table =
    subject: where: parts:
    lib.mapAttrs' (
      part: names:
      lib.nameValuePair "${subject}: ${part}" {
        expr = missing (where part) (lib.concatStringsSep " " names);
        expected = [ ];
      }
    ) parts;
in
table "flat names" (_: lib) {
  "builtins" = [
    "addErrorContext baseNameOf dirOf isPath trace typeOf unsafeGetAttrPos"
  ];
  "trivial" = [
    "add and bitAnd bitNot bitOr bitXor boolToString boolToYesNo checkListOfEnum compare concat"
    "const deepSeq defaultTo flip fromHexString functionArgs genericClosure id importJSON"
    "importTOML inNixShell inPureEvalMode info isBool isFloat isFunction isInOldestRelease isInt"
    "lessThan mapNullable max mergeAttrs min mirrorFunctionArgs mod nixpkgsVersion"
    "oldestSupportedReleaseIsAtLeast or pathExists pipe readFile seq setFunctionArgs showWarnings"
    "splitByAndCompare sub throwIf throwIfNot toBaseDigits toFunction toHexString version"
    "versionSuffix warn warnIf warnIfNot xor"
  ];
  "fixedPoints" = [
    "composeExtensions composeManyExtensions converge extends fix fix' makeExtensible"
    "makeExtensibleWithCustomName toExtension"
  ];
  "attrsets" = [
    "attrByPath attrNames attrVals attrValues attrsToList cartesianProduct cartesianProductOfSets"
    "catAttrs chooseDevOutputs collect concatMapAttrs dontRecurseIntoAttrs filterAttrs"
    "filterAttrsRecursive foldAttrs foldlAttrs genAttrs genAttrs' getAttr getAttrFromPath"
    "getAttrs getBin getDev getFirstOutput getInclude getLib getMan getOutput getStatic hasAttr"
    "hasAttrByPath intersectAttrs isAttrs isDerivation listToAttrs longestValidPathPrefix"
    "mapAttrs mapAttrs' mapAttrsRecursive mapAttrsRecursiveCond mapAttrsToList"
    "mapAttrsToListRecursive mapAttrsToListRecursiveCond mapCartesianProduct matchAttrs"
    "mergeAttrsList nameValuePair optionalAttrs overrideExisting recurseIntoAttrs recursiveUpdate"
    "recursiveUpdateUntil removeAttrs setAttrByPath showAttrPath toDerivation"
    "updateManyAttrsByPath zip zipAttrs zipAttrsWith zipAttrsWithNames zipWithNames"
  ];
  "lists" = [
    "all allUnique any compareLists concatAttrValues concatLists concatMap count crossLists drop"
    "dropEnd elem elemAt filter findFirst findSingle flatten fold foldl foldl' foldr forEach"
    "genList groupBy groupBy' head ifilter0 imap0 imap1 init intersectLists isList last length"
    "listDfs map mutuallyExclusive naturalSort optional optionals partition range remove"
    "replaceElemAt replicate reverseList singleton sort sortOn sublist subtractLists tail take"
    "takeEnd toList toposort unique uniqueStrings zipLists zipListsWith"
  ];
  "strings" = [
    "addContextFrom cmakeBool cmakeFeature cmakeOptionType concatImapStrings concatImapStringsSep"
    "concatLines concatMapAttrsStringSep concatMapStrings concatMapStringsSep concatStrings"
    "concatStringsSep enableFeature enableFeatureAs escape escapeRegex escapeShellArg"
    "escapeShellArgs escapeURL escapeXML fileContents fixedWidthNumber fixedWidthString getName"
    "getVersion hasInfix hasPrefix hasSuffix intersperse isStorePath isString isStringLike"
    "isValidPosixName join lowerChars makeBinPath makeIncludePath makeLibraryPath makeSearchPath"
    "makeSearchPathOutput match mesonBool mesonEnable mesonOption nameFromURL optionalString"
    "readPathsFromFile removePrefix removeSuffix replaceChars replaceString replaceStrings split"
    "splitString splitStringBy stringAsChars stringLength stringToCharacters substring"
    "toCamelCase toInt toIntBase10 toLower toSentenceCase toShellVar toShellVars toUpper trim"
    "trimWith upperChars versionAtLeast versionOlder withFeature withFeatureAs"
  ];
  "stringsWithDeps" = [
    "fullDepEntry noDepEntry packEntry stringAfter textClosureList textClosureMap"
  ];
  "versions" = [
    "splitVersion"
  ];
  "asserts" = [
    "assertMsg assertOneOf"
  ];
  "customisation" = [
    "callPackageWith callPackagesWith extendDerivation extendMkDerivation hydraJob"
    "makeOverridable makeScope makeScopeWithSplicing makeScopeWithSplicing' mapCrossIndex"
    "overrideDerivation renameCrossIndexFrom renameCrossIndexTo"
  ];
  "derivations" = [
    "lazyDerivation optionalDrvAttr warnOnInstantiate"
  ];
  "meta" = [
    "addMetaAttrs appendToName dontDistribute getExe getExe' getLicenseFromSpdxId"
    "getLicenseFromSpdxIdOr hiPrio hiPrioSet licensesSpdx lowPrio lowPrioSet mapDerivationAttrset"
    "setName setPrio updateName"
  ];
  "flakes" = [
    "callLocklessFlake flakeRefToString parseFlakeRef"
  ];
  "network.ipv6" = [
    "mkEUI64Suffix"
  ];
  "generators" = [
    "mkLuaInline"
  ];
  "filesystem" = [
    "packagesFromDirectoryRecursive pathIsDirectory pathIsRegularFile pathType"
  ];
  "sources" = [
    "canCleanSource cleanSource cleanSourceFilter cleanSourceWith commitIdFromGitRepo"
    "pathHasContext pathIsGitRepo repoRevToName revOrTag sourceByRegex sourceFilesBySuffices"
  ];
  "modules" = [
    "applyModuleArgsIfFunction dischargeProperties doRename evalModules filterOverrides"
    "fixMergeModules fixupOptionType mergeDefinitions mergeModules mergeModules' mergeOptionDecls"
    "mkAfter mkAliasAndWrapDefinitions mkAliasDefinitions mkAliasOptionModule"
    "mkAliasOptionModuleMD mkAssert mkBefore mkChangedOptionModule mkDefault mkDefinition"
    "mkDerivedConfig mkFixStrictness mkForce mkIf mkImageMediaOverride mkMerge"
    "mkMergedOptionModule mkOptionDefault mkOrder mkOverride mkRemovedOptionModule"
    "mkRenamedOptionModule mkRenamedOptionModuleWith mkVMOverride pushDownProperties"
    "setDefaultModuleLocation sortProperties unifyModuleSyntax"
  ];
  "options" = [
    "getFiles getValues isOption literalExample literalExpression literalMD mergeDefaultOption"
    "mergeEqualOption mergeOneOption mergeUniqueOption mkEnableOption mkOption mkPackageOption"
    "mkPackageOptionMD mkSinkUndeclaredOptions optionAttrSetToDocList optionAttrSetToDocList'"
    "scrubOptionValue showFiles showOption showOptionWithDefLocs unknownModule"
  ];
  "types" = [
    "defaultFunctor defaultTypeMerge isOptionType isType mkOptionType setType"
  ];
  "debug" = [
    "runTests testAllTrue traceFnSeqN traceIf traceSeq traceSeqN traceVal traceValFn traceValSeq"
    "traceValSeqFn traceValSeqN traceValSeqNFn"
  ];
  "misc" = [
    "checkFlag checkReqs closePropagation condConcat defaultMerge defaultMergeArg fakeHash"
    "fakeSha256 fakeSha512 foldArgs getValue ifEnable imap innerClosePropagation"
    "innerModifySumArgs lazyGenericClosure mapAttrsFlatten maybeAttr maybeAttrNullable maybeEnv"
    "mdDoc mergeAttrBy mergeAttrByFunc mergeAttrsByFuncDefaults mergeAttrsByFuncDefaultsClean"
    "mergeAttrsConcatenateValues mergeAttrsNoOverride mergeAttrsWithFunc modifySumArgs nixType"
    "nvs setAttr setAttrMerge uniqList uniqListExt"
  ];
}
// table "names of a part" (part: lib.getAttrFromPath (lib.splitString "." part) lib) {
  "trivial" = [
    "add and bitAnd bitNot bitOr bitXor boolToString boolToYesNo checkListOfEnum compare concat"
    "const deepSeq defaultTo flip fromHexString functionArgs genericClosure id importJSON"
    "importTOML inNixShell inPureEvalMode info isBool isFloat isFunction isInOldestRelease isInt"
    "lessThan mapNullable max mergeAttrs min mirrorFunctionArgs mod nixpkgsVersion"
    "oldestSupportedReleaseIsAtLeast or pathExists pipe readFile seq setFunctionArgs showWarnings"
    "splitByAndCompare sub throwIf throwIfNot toBaseDigits toFunction toHexString version"
    "versionSuffix warn warnIf warnIfNot xor release codeName oldestSupportedRelease"
    "revisionWithDefault"
  ];
  "attrsets" = [
    "attrByPath attrNames attrVals attrValues attrsToList cartesianProduct cartesianProductOfSets"
    "catAttrs chooseDevOutputs collect concatMapAttrs dontRecurseIntoAttrs filterAttrs"
    "filterAttrsRecursive foldAttrs foldlAttrs genAttrs genAttrs' getAttr getAttrFromPath"
    "getAttrs getBin getDev getFirstOutput getInclude getLib getMan getOutput getStatic hasAttr"
    "hasAttrByPath intersectAttrs isAttrs isDerivation listToAttrs longestValidPathPrefix"
    "mapAttrs mapAttrs' mapAttrsRecursive mapAttrsRecursiveCond mapAttrsToList"
    "mapAttrsToListRecursive mapAttrsToListRecursiveCond mapCartesianProduct matchAttrs"
    "mergeAttrsList nameValuePair optionalAttrs overrideExisting recurseIntoAttrs recursiveUpdate"
    "recursiveUpdateUntil removeAttrs setAttrByPath showAttrPath toDerivation"
    "updateManyAttrsByPath zip zipAttrs zipAttrsWith zipAttrsWithNames zipWithNames"
    "unionOfDisjoint"
  ];
  "lists" = [
    "all allUnique any compareLists concatAttrValues concatLists concatMap count crossLists drop"
    "dropEnd elem elemAt filter findFirst findSingle flatten fold foldl foldl' foldr forEach"
    "genList groupBy groupBy' head ifilter0 imap0 imap1 init intersectLists isList last length"
    "listDfs map mutuallyExclusive naturalSort optional optionals partition range remove"
    "replaceElemAt replicate reverseList singleton sort sortOn sublist subtractLists tail take"
    "takeEnd toList toposort unique uniqueStrings zipLists zipListsWith findFirstIndex hasPrefix"
    "removePrefix commonPrefix"
  ];
  "strings" = [
    "addContextFrom cmakeBool cmakeFeature cmakeOptionType concatImapStrings concatImapStringsSep"
    "concatLines concatMapAttrsStringSep concatMapStrings concatMapStringsSep concatStrings"
    "concatStringsSep enableFeature enableFeatureAs escape escapeRegex escapeShellArg"
    "escapeShellArgs escapeURL escapeXML fileContents fixedWidthNumber fixedWidthString getName"
    "getVersion hasInfix hasPrefix hasSuffix intersperse isStorePath isString isStringLike"
    "isValidPosixName join lowerChars makeBinPath makeIncludePath makeLibraryPath makeSearchPath"
    "makeSearchPathOutput match mesonBool mesonEnable mesonOption nameFromURL optionalString"
    "readPathsFromFile removePrefix removeSuffix replaceChars replaceString replaceStrings split"
    "splitString splitStringBy stringAsChars stringLength stringToCharacters substring"
    "toCamelCase toInt toIntBase10 toLower toSentenceCase toShellVar toShellVars toUpper trim"
    "trimWith upperChars versionAtLeast versionOlder withFeature withFeatureAs charToInt escapeC"
    "escapeNixString escapeNixIdentifier normalizePath floatToString isConvertibleWithToString"
    "sanitizeDerivationName levenshtein levenshteinAtMost commonPrefixLength commonSuffixLength"
    "replicate isCoercibleToString compareVersions parseDrvName storeDir toJSON fromJSON"
    "unsafeDiscardStringContext typeOf isPath"
  ];
  "customisation" = [
    "callPackageWith callPackagesWith extendDerivation extendMkDerivation hydraJob"
    "makeOverridable makeScope makeScopeWithSplicing makeScopeWithSplicing' mapCrossIndex"
    "overrideDerivation renameCrossIndexFrom renameCrossIndexTo"
  ];
  "derivations" = [
    "lazyDerivation optionalDrvAttr warnOnInstantiate unsafeDiscardOutputDependency"
    "addDrvOutputDependencies"
  ];
  "meta" = [
    "addMetaAttrs appendToName dontDistribute getExe getExe' getLicenseFromSpdxId"
    "getLicenseFromSpdxIdOr hiPrio hiPrioSet licensesSpdx lowPrio lowPrioSet mapDerivationAttrset"
    "setName setPrio updateName defaultPriority platformMatch availableOn"
    "cpeFullVersionWithVendor tryCPEPatchVersionInUpdateWithVendor"
    "cpePatchVersionInUpdateWithVendor"
  ];
  "versions" = [
    "splitVersion major minor patch majorMinor pad"
  ];
  "asserts" = [
    "assertMsg assertOneOf assertEachOneOf checkAssertWarn"
  ];
  "debug" = [
    "runTests testAllTrue traceFnSeqN traceIf traceSeq traceSeqN traceVal traceValFn traceValSeq"
    "traceValSeqFn traceValSeqN traceValSeqNFn throwTestFailures addErrorContext unsafeGetAttrPos"
    "trace"
  ];
  "misc" = [
    "checkFlag checkReqs closePropagation condConcat defaultMerge defaultMergeArg fakeHash"
    "fakeSha256 fakeSha512 foldArgs getValue ifEnable imap innerClosePropagation"
    "innerModifySumArgs lazyGenericClosure mapAttrsFlatten maybeAttr maybeAttrNullable maybeEnv"
    "mdDoc mergeAttrBy mergeAttrByFunc mergeAttrsByFuncDefaults mergeAttrsByFuncDefaultsClean"
    "mergeAttrsConcatenateValues mergeAttrsNoOverride mergeAttrsWithFunc modifySumArgs nixType"
    "nvs setAttr setAttrMerge uniqList uniqListExt closePropagationFast closePropagationSlow"
  ];
  "fetchers" = [
    "proxyImpureEnvVars normalizeHash withNormalizedHash"
  ];
  "kernel" = [
    "option yes no module freeform whenHelpers"
  ];
}
// {
  "lib: the parts themselves" = {
    expr = missing lib "asserts attrsets cli customisation debug derivations fetchers fileset filesystem fixedPoints flakes generators gvariant kernel licenses lists maintainers meta misc modules network options path platforms sourceTypes sources strings stringsWithDeps systems teams trivial types versions";
    expected = [ ];
  };

  "lib: a flat name is the part's own function" = {
    expr = map (pair: pair.flat { x = 1; } == pair.part { x = 1; }) [
      { flat = lib.attrNames; part = lib.attrsets.attrNames; }
      { flat = lib.isAttrs; part = lib.attrsets.isAttrs; }
      { flat = lib.id; part = lib.trivial.id; }
    ];
    expected = [ true true true ];
  };
}

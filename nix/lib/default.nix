# The library's front door: `import ./nix/lib` IS the attribute set `lib`.
#
# One fixed point over all the parts, so that every part may use every other
# through `lib`, and `lib.extend` can change all of them at once. Each part is
# a file `{ lib }: { ... }`; the names that people use without naming the part
# are re-exported below, part by part.
#
# Not for: implementations.
let
  inherit (import ./fixed-points.nix { inherit lib; }) makeExtensible;

  lib = makeExtensible (
    self:
    let
      part = file: import file { lib = self; };
    in
    {
      # functions, and data of every type
      trivial = part ./trivial.nix;
      fixedPoints = part ./fixed-points.nix;
      attrsets = part ./attrsets.nix;
      lists = part ./lists.nix;
      strings = part ./strings.nix;
      stringsWithDeps = part ./strings-with-deps.nix;
      versions = part ./versions.nix;

      # packages
      customisation = part ./customisation.nix;
      derivations = part ./derivations.nix;
      meta = part ./meta.nix;
      fetchers = part ./fetchers.nix;
      flakes = part ./flakes.nix;
      maintainers = part ./maintainers.nix;
      teams = part ./teams.nix;
      licenses = part ./licenses.nix;
      sourceTypes = part ./source-types.nix;

      # the module system
      modules = part ./modules.nix;
      options = part ./options.nix;
      types = part ./types.nix;

      # machines
      systems = part ./systems;
      platforms = self.systems.doubles;
      kernel = part ./kernel.nix;
      network = part ./network;

      # serialising
      cli = part ./cli.nix;
      generators = part ./generators.nix;
      gvariant = part ./gvariant.nix;
      ron = part ./ron.nix;

      # files
      path = part ./path;
      filesystem = part ./filesystem.nix;
      sources = part ./sources.nix;
      fileset = part ./fileset;

      # watching and testing
      asserts = part ./asserts.nix;
      debug = part ./debug.nix;
      misc = part ./deprecated/misc.nix;

      # --- flat re-exports --------------------------------------------------

      inherit (builtins)
        addErrorContext baseNameOf dirOf isPath trace typeOf unsafeGetAttrPos
        ;
      inherit (self.trivial)
        add and bitAnd bitNot bitOr bitXor boolToString boolToYesNo checkListOfEnum compare concat
        const deepSeq defaultTo flip fromHexString functionArgs genericClosure id importJSON
        importTOML inNixShell inPureEvalMode info isBool isFloat isFunction isInOldestRelease isInt
        lessThan mapNullable max mergeAttrs min mirrorFunctionArgs mod nixpkgsVersion
        oldestSupportedReleaseIsAtLeast or pathExists pipe readFile seq setFunctionArgs showWarnings
        splitByAndCompare sub throwIf throwIfNot toBaseDigits toFunction toHexString version
        versionSuffix warn warnIf warnIfNot xor
        ;
      inherit (self.fixedPoints)
        composeExtensions composeManyExtensions converge extends fix fix' makeExtensible
        makeExtensibleWithCustomName toExtension
        ;
      inherit (self.attrsets)
        attrByPath attrNames attrVals attrValues attrsToList cartesianProduct cartesianProductOfSets
        catAttrs chooseDevOutputs collect concatMapAttrs dontRecurseIntoAttrs filterAttrs
        filterAttrsRecursive foldAttrs foldlAttrs genAttrs genAttrs' getAttr getAttrFromPath
        getAttrs getBin getDev getFirstOutput getInclude getLib getMan getOutput getStatic hasAttr
        hasAttrByPath intersectAttrs isAttrs isDerivation listToAttrs longestValidPathPrefix
        mapAttrs mapAttrs' mapAttrsRecursive mapAttrsRecursiveCond mapAttrsToList
        mapAttrsToListRecursive mapAttrsToListRecursiveCond mapCartesianProduct matchAttrs
        mergeAttrsList nameValuePair optionalAttrs overrideExisting recurseIntoAttrs recursiveUpdate
        recursiveUpdateUntil removeAttrs setAttrByPath showAttrPath toDerivation
        updateManyAttrsByPath zip zipAttrs zipAttrsWith zipAttrsWithNames zipWithNames
        ;
      inherit (self.lists)
        all allUnique any compareLists concatAttrValues concatLists concatMap count crossLists drop
        dropEnd elem elemAt filter findFirst findSingle flatten fold foldl foldl' foldr forEach
        genList groupBy groupBy' head ifilter0 imap0 imap1 init intersectLists isList last length
        listDfs map mutuallyExclusive naturalSort optional optionals partition range remove
        replaceElemAt replicate reverseList singleton sort sortOn sublist subtractLists tail take
        takeEnd toList toposort unique uniqueStrings zipLists zipListsWith
      ;
      inherit (self.strings)
        addContextFrom cmakeBool cmakeFeature cmakeOptionType concatImapStrings concatImapStringsSep
        concatLines concatMapAttrsStringSep concatMapStrings concatMapStringsSep concatStrings
        concatStringsSep enableFeature enableFeatureAs escape escapeRegex escapeShellArg
        escapeShellArgs escapeURL escapeXML fileContents fixedWidthNumber fixedWidthString getName
        getVersion hasInfix hasPrefix hasSuffix intersperse isStorePath isString isStringLike
        isValidPosixName join lowerChars makeBinPath makeIncludePath makeLibraryPath makeSearchPath
        makeSearchPathOutput match mesonBool mesonEnable mesonOption nameFromURL optionalString
        readPathsFromFile removePrefix removeSuffix replaceChars replaceString replaceStrings split
        splitString splitStringBy stringAsChars stringLength stringToCharacters substring
        toCamelCase toInt toIntBase10 toLower toSentenceCase toShellVar toShellVars toUpper trim
        trimWith upperChars versionAtLeast versionOlder withFeature withFeatureAs
        ;
      inherit (self.stringsWithDeps)
        fullDepEntry noDepEntry packEntry stringAfter textClosureList textClosureMap
        ;
      inherit (self.versions) splitVersion;
      inherit (self.asserts) assertMsg assertOneOf;
      inherit (self.customisation)
        callPackageWith callPackagesWith extendDerivation extendMkDerivation hydraJob
        makeOverridable makeScope makeScopeWithSplicing makeScopeWithSplicing' mapCrossIndex
        overrideDerivation renameCrossIndexFrom renameCrossIndexTo
        ;
      inherit (self.derivations) lazyDerivation optionalDrvAttr warnOnInstantiate;
      inherit (self.meta)
        addMetaAttrs appendToName dontDistribute getExe getExe' getLicenseFromSpdxId
        getLicenseFromSpdxIdOr hiPrio hiPrioSet licensesSpdx lowPrio lowPrioSet mapDerivationAttrset
        setName setPrio updateName
        ;
      inherit (self.flakes) callLocklessFlake flakeRefToString parseFlakeRef;
      inherit (self.network.ipv6) mkEUI64Suffix;
      inherit (self.generators) mkLuaInline;
      inherit (self.filesystem)
        packagesFromDirectoryRecursive pathIsDirectory pathIsRegularFile pathType
        ;
      inherit (self.sources)
        canCleanSource cleanSource cleanSourceFilter cleanSourceWith commitIdFromGitRepo
        pathHasContext pathIsGitRepo repoRevToName revOrTag sourceByRegex sourceFilesBySuffices
        ;
      inherit (self.modules)
        applyModuleArgsIfFunction dischargeProperties doRename evalModules
        filterOverrides fixMergeModules fixupOptionType mergeDefinitions mergeModules mergeModules'
        mergeOptionDecls mkAfter mkAliasAndWrapDefinitions mkAliasDefinitions mkAliasOptionModule
        mkAliasOptionModuleMD mkAssert mkBefore mkChangedOptionModule mkDefault mkDefinition
        mkDerivedConfig mkFixStrictness mkForce mkIf mkImageMediaOverride mkMerge
        mkMergedOptionModule mkOptionDefault mkOrder mkOverride mkRemovedOptionModule
        mkRenamedOptionModule mkRenamedOptionModuleWith mkVMOverride pushDownProperties
        setDefaultModuleLocation sortProperties unifyModuleSyntax
        ;
      evalOptionValue = self.warn ''
        External use of `lib.evalOptionValue` is deprecated. Evaluate a module with `lib.evalModules`
        instead, or merge definitions with `lib.mergeDefinitions`.'' self.modules.evalOptionValue;
      inherit (self.options)
        getFiles getValues isOption literalExample literalExpression literalMD mergeDefaultOption
        mergeEqualOption mergeOneOption mergeUniqueOption mkEnableOption mkOption mkPackageOption
        mkPackageOptionMD mkSinkUndeclaredOptions optionAttrSetToDocList optionAttrSetToDocList'
        scrubOptionValue showFiles showOption showOptionWithDefLocs unknownModule
        ;
      inherit (self.types)
        defaultFunctor defaultTypeMerge isOptionType isType mkOptionType setType
        ;
      inherit (self.debug)
        runTests testAllTrue traceFnSeqN traceIf traceSeq traceSeqN traceVal traceValFn traceValSeq
        traceValSeqFn traceValSeqN traceValSeqNFn
        ;
      inherit (self.misc)
        checkFlag checkReqs closePropagation condConcat defaultMerge defaultMergeArg fakeHash
        fakeSha256 fakeSha512 foldArgs getValue ifEnable imap innerClosePropagation
        innerModifySumArgs lazyGenericClosure mapAttrsFlatten maybeAttr maybeAttrNullable maybeEnv
        mdDoc mergeAttrBy mergeAttrByFunc mergeAttrsByFuncDefaults mergeAttrsByFuncDefaultsClean
        mergeAttrsConcatenateValues mergeAttrsNoOverride mergeAttrsWithFunc modifySumArgs nixType
        nvs setAttr setAttrMerge uniqList uniqListExt
      ;
    }
  );
in
lib

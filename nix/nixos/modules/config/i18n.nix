# Languages: i18n.defaultLocale and the locales that are built for it.
#
# C.UTF-8 is part of the C library and costs nothing: it is the default. Any other locale is compiled by localedef in a
# derivation from the archive's locale sources, one directory per locale, instead of the archive's all-or-nothing packages.
{ config, lib, pkgs, ... }:

let
  inherit (lib) concatStringsSep literalExpression mkIf mkOption types;
  cfg = config.i18n;

  # "en_US.UTF-8", "de_DE@euro", "C" -> what is left when the charset is taken off.
  base = locale: builtins.head (lib.splitString "/" locale);
  isBuiltIn = locale: builtins.elem (base locale) [ "C" "POSIX" "C.UTF-8" "C.utf8" ];
  wanted = builtins.filter (locale: !isBuiltIn locale) (lib.unique cfg.supportedLocales);

  compile = entry:
    let
      name = base entry;
      parts = lib.splitString "/" entry;
      charset =
        if builtins.length parts > 1 then builtins.elemAt parts 1
        else if lib.hasInfix "." name then builtins.elemAt (lib.splitString "." (builtins.head (lib.splitString "@" name))) 1
        else "UTF-8";
      territory = builtins.head (lib.splitString "." name);
      modifier = lib.optionalString (lib.hasInfix "@" name) ("@" + lib.last (lib.splitString "@" name));
      source = if lib.hasInfix "@" territory then territory else territory + modifier;
    in
    ''
      localedef -i ${lib.escapeShellArg source} -f ${lib.escapeShellArg charset} ${lib.escapeShellArg name}
    '';

  # No program of the archive runs in the build sandbox by itself: there is no /lib64. Its loader, named in full, does it.
  glibcLocales = pkgs.runCommand "locales-${config.system.nixos.release or "system"}" { } ''
    mkdir -p $out/usr/lib/locale charmaps
    ln -s usr/lib $out/lib
    # localedef starts gzip to read the archive's compressed charmaps, and the sandbox has none: unpack them first.
    for map in ${pkgs.locales}/usr/share/i18n/charmaps/*.gz; do
      case $map in */UTF-8.gz|*/ISO-8859-*.gz|*/KOI8-*.gz|*/CP125*.gz|*/EUC-*.gz|*/GB*.gz|*/BIG5*.gz|*/SHIFT*.gz)
        gunzip -c "$map" > charmaps/"$(basename "$map" .gz)" ;;
      esac
    done
    libraries=$(echo ${pkgs.libc6}/usr/lib/*-linux-gnu)
    localedef() {
      I18NPATH=$PWD:${pkgs.locales}/usr/share/i18n \
      $libraries/ld-linux*.so.* --library-path $libraries ${pkgs.libc-bin}/usr/bin/localedef \
        --no-archive --quiet --prefix=/ -c "$1" "$2" "$3" "charmaps/$4" "$out/usr/lib/locale/$(normalise "$5")" || [ $? -eq 1 ]
    }
    # glibc looks for "en_US.utf8": the codeset in lower case without punctuation.
    normalise() {
      awk -v name="$1" 'BEGIN {
        at = index(name, "@"); modifier = at ? substr(name, at) : ""; if (at) name = substr(name, 1, at - 1)
        dot = index(name, "."); if (dot) { code = tolower(substr(name, dot + 1)); gsub(/[^a-z0-9]/, "", code); name = substr(name, 1, dot) code }
        print name modifier
      }'
    }
    ${lib.concatMapStrings compile wanted}
  '';

  settings = { LANG = cfg.defaultLocale; } // cfg.extraLocaleSettings;
in
{
  options.i18n = {
    defaultLocale = mkOption {
      type = types.str;
      default = "C.UTF-8";
      example = "nl_NL.UTF-8";
      description = "The locale: language, formats of dates and numbers, and character set.";
    };

    extraLocaleSettings = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = { LC_MESSAGES = "en_US.UTF-8"; LC_TIME = "de_DE.UTF-8"; };
      description = "Locales of single categories (`LC_TIME`, ...).";
    };

    extraLocales = mkOption {
      type = types.either (types.listOf types.str) (types.enum [ "all" ]);
      default = [ ];
      example = [ "nl_NL.UTF-8/UTF-8" ];
      description = "Locales to build besides those that the settings above name. `all` installs every locale of the archive (about 230 MB).";
    };

    supportedLocales = mkOption {
      type = types.listOf types.str;
      default = lib.unique (
        map (locale: "${locale}/${if lib.hasInfix "." locale then cfg.defaultCharset else "UTF-8"}")
          ([ cfg.defaultLocale ] ++ builtins.attrValues (builtins.removeAttrs cfg.extraLocaleSettings [ "LANGUAGE" ]))
        ++ lib.optionals (cfg.extraLocales != "all") cfg.extraLocales
      );
      defaultText = literalExpression "the locales of defaultLocale, extraLocaleSettings and extraLocales";
      example = [ "en_US.UTF-8/UTF-8" "nl_NL.UTF-8/UTF-8" "nl_NL/ISO-8859-1" ];
      description = "The locales that programs can use, each with its character set after a slash.";
    };

    defaultCharset = mkOption {
      type = types.str;
      default = "UTF-8";
      description = "Character set of the default locale.";
    };

    glibcLocales = mkOption {
      type = types.package;
      default = if cfg.extraLocales == "all" || builtins.elem "all" cfg.supportedLocales then pkgs.locales-all else glibcLocales;
      defaultText = lib.literalMD "a package with the locales of `supportedLocales`";
      description = "The package with the compiled locales.";
    };
  };

  config = {
    environment.systemPackages = mkIf (wanted != [ ] || cfg.extraLocales == "all") [ cfg.glibcLocales ];
    environment.sessionVariables = settings;
    # systemd gives these to every unit.
    environment.etc."locale.conf".text =
      concatStringsSep "" (lib.mapAttrsToList (name: value: "${name}=${value}\n") settings);
  };
}

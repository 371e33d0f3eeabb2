# Templates with @words@: replaceVars, substituteAll and the older forms.
{ lib, runCommandLocal }:
let
  # What a template is called, without the hash of a store path.
  nameOf =
    src:
    let
      name = builtins.unsafeDiscardStringContext (baseNameOf "${src}");
      inStore = builtins.match "[a-z0-9]{32}-(.+)" name;
    in
    if inStore == null then name else lib.head inStore;

  replaceVarsWith =
    {
      src,
      replacements,
      dir ? null,
      isExecutable ? false,
      name ? null,
      meta ? { },
      passthru ? { },
      ...
    }:
    let
      isExempt = value: value == null;
      given = lib.filterAttrs (_: value: !isExempt value) replacements;
      fileName = if name != null then name else nameOf src;
    in
    runCommandLocal fileName
      {
        inherit src meta passthru isExecutable;
        dir = if dir == null then "" else dir;
        exempt = lib.attrNames (lib.filterAttrs (_: isExempt) replacements);
        archiveTools = false;
      }
      ''
        target=$out
        if [ -n "$dir" ]; then target=$out/$dir/$name; mkdir -p "$out/$dir"; fi
        substitute "$src" "$target" ${
          lib.concatStringsSep " " (
            lib.mapAttrsToList (
              word: value: "--replace-fail ${lib.escapeShellArg "@${word}@"} ${lib.escapeShellArg "${toString value}"}"
            ) given
          )
        }
        left=$(grep -o '@[a-zA-Z_][0-9A-Za-z_'"'"'-]*@' "$target" | sort -u || true)
        for word in $left; do
          case " $exempt " in
            *" $(printf %s "$word" | tr -d @) "*) ;;
            *) die "$src: $word is not replaced; give it a value, or null to keep it" ;;
          esac
        done
        if [ -n "$isExecutable" ]; then chmod +x "$target"; fi
      '';
in
{
  inherit replaceVarsWith;

  replaceVars = src: replacements: replaceVarsWith { inherit src replacements; };

  substituteAll =
    args:
    let
      src = args.src;
    in
    runCommandLocal (args.name or (nameOf src))
      (
        removeAttrs args [
          "name"
          "isExecutable"
          "dir"
        ]
        // {
          archiveTools = false;
          executableResult = args.isExecutable or false;
          dir = args.dir or "";
        }
      )
      ''
        target=$out
        if [ -n "$dir" ]; then target=$out/$dir/$name; mkdir -p "$out/$dir"; fi
        substituteAll "$src" "$target"
        if [ -n "$executableResult" ]; then chmod +x "$target"; fi
        if [ -n "''${postInstall-}" ]; then eval "$postInstall"; fi
      '';

  substitute =
    args:
    runCommandLocal (args.name or (nameOf args.src))
      {
        inherit (args) src;
        archiveTools = false;
      }
      ''
        substitute "$src" "$out" ${
          if args ? substitutions then lib.escapeShellArgs args.substitutions else lib.concatStringsSep " " (lib.toList args.replacements)
        }
      '';
}

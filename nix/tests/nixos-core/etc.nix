# environment.etc: what the tree is built from, and which entries are refused.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf failuresWith;
  # The row of one entry: kind, target, source; of a copy also mode, user, group.
  row = target: entry: lib.findFirst (r: builtins.elemAt r 1 == target) null (
    map (lib.splitString "\t") (lib.splitString "\n" (configOf { environment.etc = entry; }).system.build.etc.table)
  );
  clean = map builtins.unsafeDiscardStringContext;
in
{
  "a text is written into the tree" = {
    expr = clean (row "a" { a.text = "x"; });
    expected = [ "link" "a" "-" ];
  };
  "a source is linked" = { expr = clean (row "a" { a.source = "/x"; }); expected = [ "link" "a" "/x" ]; };
  "a mode makes a copy" = {
    expr = clean (row "a" { a = { text = "x"; mode = "0640"; user = "u"; gid = 5; }; });
    expected = [ "copy" "a" "-" "0640" "u" "+5" ];
  };
  "a direct link needs a source, also for a text" = {
    expr = lib.hasPrefix "/nix/store/" (builtins.elemAt (row "a" { a = { text = "x"; mode = "direct-symlink"; }; }) 2);
    expected = true;
  };
  "a target of another name" = { expr = builtins.elemAt (row "b/c" { a = { text = "x"; target = "b/c"; }; }) 1; expected = "b/c"; };
  "an entry that is off hides a package's file" = { expr = builtins.head (row "a" { a = { text = "x"; enable = false; }; }); expected = "off"; };
  "texts of several definitions are joined, the later one first, as modules are" = {
    expr = (configOf { environment.etc = lib.mkMerge [ { a.text = "1"; } { a.text = "2"; } ]; }).environment.etc.a.text;
    expected = "2\n1";
  };
  "a source of its own beats the text's" = {
    expr = (configOf { environment.etc.a = { text = "x"; source = lib.mkForce "/y"; }; }).environment.etc.a.source;
    expected = "/y";
  };
  "the source of a text can be named" = {
    expr = lib.hasPrefix "/nix/store/" "${(configOf { environment.etc."a/b.conf".text = "x"; }).environment.etc."a/b.conf".source}";
    expected = true;
  };
  "an entry with neither is an error" = { expr = (row "a" { a.mode = "0600"; }); error = "environment.etc.a.source"; };
  "two entries for one path are refused" = {
    expr = failuresWith "environment.etc" { environment.etc = { a.text = "1"; b = { text = "2"; target = "a"; }; }; };
    expected = [ "environment.etc has more than one entry for: a" ];
  };
  "an entry below another is refused" = {
    expr = failuresWith "environment.etc" { environment.etc = { a.text = "1"; "a.b".text = "2"; "a/b/c".text = "3"; }; };
    expected = [ "environment.etc has entries below other entries, which are files or links: a/b/c" ];
  };
  "one below an entry that is off is not" = {
    expr = failuresWith "environment.etc" { environment.etc = { a = { text = "1"; enable = false; }; "a/b".text = "2"; }; };
    expected = [ ];
  };
  "nothing of the machine's kind is taken from packages" = {
    expr = map (path: builtins.elem path (configOf { }).environment.etcSkipped) [ "init.d" "systemd/system" "cron.d" ];
    expected = [ true true true ];
  };
}

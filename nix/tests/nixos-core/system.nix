# eval-config.nix, nixpkgs.*, assertions and warnings, activation scripts, specialisations, versions.
{ lib }:
let
  inherit (import ./support/eval.nix { inherit lib; }) configOf etc evalConfig has lines minimal pkgs toplevel warnings;
  config = arguments: (evalConfig ({ modules = [ minimal ]; } // arguments)).config;
  order = scripts:
    let text = (configOf { system.activationScripts = scripts; }).system.activationScript; in
    map lib.head (lib.filter builtins.isList (builtins.split "# --- (t[a-z]*)\n" text));
in
{
  "the result has what nixpkgs' has" = {
    expr = map (name: evalConfig { modules = [ minimal ]; } ? ${name}) [ "config" "options" "pkgs" "extendModules" "type" "_module" "class" ];
    expected = lib.replicate 7 true;
  };
  "its class is nixos" = { expr = (evalConfig { modules = [ minimal ]; }).class; expected = "nixos"; };
  "special arguments are there in imports" = {
    expr = (config { specialArgs.extra = { networking.domain = "example.org"; }; modules = [ minimal ({ extra, ... }: { imports = [ extra ]; }) ]; }).networking.domain;
    expected = "example.org";
  };
  "extra arguments still work, and say what to do" = {
    expr = (config { extraArgs.x = "y"; modules = [ minimal ({ x, ... }: { networking.domain = x; }) ]; }).networking.domain;
    expected = "y";
  };
  "the old check argument is warned of" = {
    expr = (evalConfig { check = true; modules = [ minimal ]; }).config.networking.hostName;
    expected = "web";
    trace = "The check argument to eval-config.nix is deprecated.";
  };
  "extendModules adds to what was evaluated" = {
    expr = ((evalConfig { modules = [ minimal ]; }).extendModules { modules = [ { networking.domain = "x.org"; } ]; }).config.networking.hostName;
    expected = "web";
  };
  "an option that does not exist is named with its place" = {
    expr = (config { modules = [ minimal { services.nosuch.enable = true; } ]; }).networking.hostName;
    error = "services.nosuch";
  };
  "the prefix is in front of names of options" = {
    expr = (config { prefix = [ "containers" "web" "config" ]; modules = [ minimal { networking.hostName = 3; } ]; }).networking.hostName;
    error = "containers.web.config.networking.hostName";
  };
  "profiles are found where NixOS has them" = {
    expr = map (profile: (config { modules = [ minimal ({ modulesPath, ... }: { imports = [ (modulesPath + profile) ]; }) ]; }).documentation.man.enable)
      [ "/profiles/minimal.nix" "/profiles/headless.nix" "/profiles/qemu-guest.nix" "/profiles/perlless.nix" "/virtualisation/lxc-container.nix" ];
    expected = [ false true true true true ];
  };
  "utils come as an argument" = {
    expr = (config { modules = [ minimal ({ utils, ... }: { networking.domain = utils.escapeSystemdPath "/a b"; }) ]; }).networking.domain;
    expected = "a\\x20b";
  };
  "arguments of ExecStart keep percent and dollar signs" = {
    expr = (config { modules = [ minimal ({ utils, ... }: { networking.domain = utils.escapeSystemdExecArgs [ "a b" "%n" "$x" 3 ]; }) ]; }).networking.domain;
    expected = ''"a b" "%%n" "$$x" "3"'';
  };

  "overlays reach the modules" = {
    expr = (evalConfig { modules = [ minimal { nixpkgs.overlays = [ (_: _: { greeting = "hello"; }) ]; } ]; }).pkgs.greeting;
    expected = "hello";
  };
  "they are applied in order" = {
    expr = (evalConfig { modules = [ minimal { nixpkgs.overlays = [ (_: _: { n = 1; }) (_: prev: { n = prev.n + 1; }) ]; } ]; }).pkgs.n;
    expected = 2;
  };
  "packageOverrides are honoured" = {
    expr = (evalConfig { modules = [ minimal { nixpkgs.config.packageOverrides = prev: { mine = lib.getName prev.bash; }; } ]; }).pkgs.mine;
    expected = "bash";
  };
  "a package set of one's own wins" = {
    expr = (evalConfig { modules = [ minimal { nixpkgs.pkgs = pkgs // { mine = true; }; } ]; }).pkgs.mine;
    expected = true;
  };
  "a set that is not an archive's is refused, with what to do" = {
    expr = (evalConfig { modules = [ minimal { nixpkgs.pkgs = { bash = "x"; }; } ]; }).config.system.build.toplevel.name;
    error = "let it evaluate the whole container: containers.<name>.nixpkgs";
  };
  "the platform is known" = { expr = (configOf { }).nixpkgs.hostPlatform.system; expected = "x86_64-linux"; };

  "an assertion that does not hold stops the build, with its message" = {
    expr = toplevel { assertions = [ { assertion = false; message = "not like this"; } { assertion = false; message = "nor this"; } ]; };
    error = [ "Failed assertions:" "- not like this" "- nor this" ];
  };
  "warnings are shown, and the build goes on" = {
    expr = toplevel { warnings = [ "mind the gap" ]; };
    expected = "nixos-system-web-25.11";
    trace = "mind the gap";
  };
  "a system without stateVersion is told so" = {
    expr = (config { modules = [ ]; }).system.stateVersion;
    expected = lib.trivial.release;
    trace = "system.stateVersion is not set, defaulting to";
  };
  "tags are in the label" = { expr = toplevel { system.nixos.tags = [ "b" "a" ]; }; expected = "nixos-system-web-a-b-25.11"; };
  "a label of strange characters is refused" = { expr = toplevel { system.nixos.label = "a b"; }; error = "system.nixos.label"; };
  "os-release" = {
    expr = lib.filter (line: lib.hasPrefix "ID" line || lib.hasPrefix "VERSION_ID" line || lib.hasPrefix "VARIANT" line)
      (lines (etc "os-release" { system.nixos.variant_id = "mini"; }));
    expected = [ "ID=nixos" "ID_LIKE=debian" ''VARIANT_ID=mini'' ''VERSION_ID="25.11"'' ];
  };

  "snippets run after what they depend on" = {
    expr = order { ta = { deps = [ "tb" ]; text = "x"; }; tb = { deps = [ "tc" ]; text = "x"; }; tc.text = "x"; };
    expected = [ "tc" "tb" "ta" ];
  };
  "a plain string is a snippet" = { expr = order { ta = "echo"; }; expected = [ "ta" ]; };
  "an unknown dependency is named" = {
    expr = order { ta = { deps = [ "nosuch" ]; text = "x"; }; };
    error = "system.activationScripts.ta.deps names 'nosuch', which does not exist.";
  };
  "NixOS's own names can be depended on" = {
    expr = order { ta = { deps = [ "users" "groups" "etc" "specialfs" "var" "binsh" "usrbinenv" "hostname" "stdio" "nix" ]; text = "x"; }; };
    expected = [ "ta" ];
  };
  "stringAfter works" = { expr = order { ta = lib.stringAfter [ "tb" ] "x"; tb = "y"; }; expected = [ "tb" "ta" ]; };
  "only willing snippets run dry" = {
    expr = map (has (configOf { system.activationScripts = { ta = { text = "x"; supportsDryActivation = true; }; tb.text = "x"; }; }).system.dryActivationScript) [ "# --- ta" "# --- tb" ];
    expected = [ true false ];
  };

  "a specialisation has the parent's configuration" = {
    expr = (configOf { networking.domain = "x.org"; specialisation.a.configuration = { }; }).specialisation.a.configuration.networking.domain;
    expected = "x.org";
  };
  "and its own, which wins with mkForce" = {
    expr = (configOf { networking.domain = "x.org"; specialisation.a.configuration.networking.domain = lib.mkForce "y.org"; })
      .specialisation.a.configuration.networking.domain;
    expected = "y.org";
  };
  "it has no specialisations itself" = {
    expr = (configOf { specialisation.a.configuration = { }; }).specialisation.a.configuration.specialisation;
    expected = { };
  };
  "or nothing of the parent" = {
    expr = (configOf { networking.domain = "x.org"; specialisation.a = { inheritParentConfig = false; configuration.system.stateVersion = "24.11"; }; })
      .specialisation.a.configuration.networking.domain;
    expected = null;
  };
  "its system is in the parent's" = {
    expr = map (lib.hasPrefix "a=/nix/store/") (configOf { specialisation.a.configuration = { }; }).system.build.toplevel.specialisations;
    expected = [ true ];
  };
}

# Git and its system-wide configuration: programs.git.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf mkOption types;
  cfg = config.programs.git;

  sections = types.attrsOf (types.attrsOf types.anything);
  inOrder = types.listOf sections;
  # What modules say as sets is one set, so that priorities count; what they say as lists follows it, in order.
  gitConfig = types.either sections inOrder // {
    merge =
      loc: defs:
      let
        kinds = lib.partition (def: builtins.isList def.value) defs;
        together = sections.merge loc kinds.wrong;
      in
      lib.optional (together != { }) together ++ inOrder.merge loc kinds.right;
  };
in
{
  options.programs.git = {
    enable = mkEnableOption "git, a version control system";
    package = mkOption {
      type = types.package;
      default = pkgs.git;
      defaultText = lib.literalExpression "pkgs.git";
      description = "The package of git.";
    };
    config = mkOption {
      type = gitConfig;
      default = [ ];
      example = { init.defaultBranch = "main"; url."https://github.com/".insteadOf = [ "gh:" "github:" ]; };
      description = "Contents of {file}`/etc/gitconfig`: a set, or a list of sets that follow each other and the set.";
    };
    prompt.enable = mkEnableOption "the branch in the prompt of bash";
    lfs = {
      enable = mkEnableOption "git-lfs, for large files";
      package = mkOption {
        type = types.package;
        default = pkgs.git-lfs;
        defaultText = lib.literalExpression "pkgs.git-lfs";
        description = "The package of git-lfs.";
      };
    };
  };

  config = mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ] ++ lib.optional cfg.lfs.enable cfg.lfs.package;
    programs.git.config = mkIf cfg.lfs.enable {
      filter.lfs = {
        clean = "git-lfs clean -- %f";
        smudge = "git-lfs smudge -- %f";
        process = "git-lfs filter-process";
        required = true;
      };
    };
    environment.etc.gitconfig = mkIf (cfg.config != [ ]) {
      text = lib.concatMapStringsSep "\n" lib.generators.toGitINI cfg.config;
    };
    programs.bash.promptPluginInit = mkIf cfg.prompt.enable ". /usr/lib/git-core/git-sh-prompt\n";
  };
}

# fzf, which finds lines while one types: programs.fzf.
{ config, lib, pkgs, ... }:

let
  inherit (lib) mkEnableOption mkIf optionalString;
  cfg = config.programs.fzf;
  examples = "${pkgs.fzf}/usr/share/doc/fzf/examples";
in
{
  options.programs.fzf = {
    fuzzyCompletion = mkEnableOption "completion by fzf in bash and zsh";
    keybindings = mkEnableOption "the keys of fzf in bash and zsh";
  };

  config = mkIf (cfg.fuzzyCompletion || cfg.keybindings) {
    environment.systemPackages = [ pkgs.fzf ];
    programs.bash.interactiveShellInit =
      optionalString cfg.fuzzyCompletion ". ${pkgs.fzf}/usr/share/bash-completion/completions/fzf\n"
      + optionalString cfg.keybindings ". ${examples}/key-bindings.bash\n";
    programs.zsh.interactiveShellInit =
      optionalString cfg.fuzzyCompletion ". ${examples}/completion.zsh\n"
      + optionalString cfg.keybindings ". ${examples}/key-bindings.zsh\n";
  };
}

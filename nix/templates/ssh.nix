# A machine to log in to with SSH: put your key in, then `nixos-container update NAME`.
{ pkgs, ... }:

{
  system.stateVersion = "25.11";
  services.openssh.enable = true;
  services.openssh.settings.PasswordAuthentication = false;
  users.users.root.openssh.authorizedKeys.keys = [
    # "ssh-ed25519 AAAA... you@there"
  ];
}

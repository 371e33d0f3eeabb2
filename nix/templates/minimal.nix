# Nothing but the system: a place to look around in.
{ pkgs, ... }:

{
  system.stateVersion = "25.11";
}

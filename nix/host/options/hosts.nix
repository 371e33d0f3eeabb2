# Names of containers on the host.
{ lib, ... }:

{
  options.containers.hosts = lib.mkOption {
    type = lib.types.bool;
    default = true;
    example = false;
    description = ''
      Whether the host's {file}`/etc/hosts` names the containers of this definition that have addresses, as `NAME.containers`
      and, where nothing else is called so, `NAME`. The lines stand in a marked block and go with the last container. In the
      containers, these names resolve in any case.
    '';
  };
}

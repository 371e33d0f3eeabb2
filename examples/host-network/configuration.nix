# A container that shares the host's network: its web server listens on the host's own port 8081.
# Root inside is then root outside (private users could not use ports below 1024 there); `switch` says so.
{ ... }:

{
  containers.sharing = {
    # Use the host's network namespace
    privateNetwork = false;

    autoStart = true;
    config = { pkgs, ... }: {
      system.stateVersion = "23.11";
      services.nginx = {
        enable = true;
        virtualHosts.localhost = {
          listen = [ { addr = "127.0.0.1"; port = 8081; } ];
          root = pkgs.writeTextDir "index.html" "Hello from the host's network\n";
        };
      };
    };
  };
}

# The options of one location of a virtual host: services.nginx.virtualHosts.<name>.locations.<path>.
{ config, lib }:

let
  inherit (lib) literalExpression mkOption types;
  nginx = config.services.nginx;

  text = type: example: description: mkOption {
    type = types.nullOr type;
    default = null;
    inherit example description;
  };
in
{
  options = {
    proxyPass = text types.str "http://www.example.org/" "URL to which requests are passed.";
    proxyWebsockets = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether connections may be upgraded to WebSockets.";
    };
    uwsgiPass = text types.str "unix:/run/example/example.sock" "uWSGI server to which requests are passed.";

    root = text types.path "/your/root/directory" "Directory below which files are looked for.";
    alias = text types.path "/your/alias/directory" "Directory that stands for the location.";
    index = text types.str "index.php index.html" "Files that are served for a directory.";
    tryFiles = text types.str "$uri =404" "Files to try, in this order.";
    return = text (types.either types.str types.int) "301 http://example.com$request_uri" "Status, and URL or text, to answer with.";

    fastcgiParams = mkOption {
      type = types.attrsOf (types.either types.str types.path);
      default = { };
      description = "FastCGI parameters to set here; those of the server are kept.";
    };

    basicAuth = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = literalExpression ''{ user = "password"; }'';
      description = "Users and passwords that protect the location. They are readable in the store: only for unimportant things.";
    };
    basicAuthFile = text types.path null "File of users and passwords, as {command}`htpasswd` makes it.";

    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Text for the end of the location.";
    };

    priority = mkOption {
      type = types.int;
      default = 1000;
      description = "Place of the location: smaller numbers come first.";
    };

    recommendedProxySettings = mkOption {
      type = types.bool;
      default = nginx.recommendedProxySettings;
      defaultText = literalExpression "config.services.nginx.recommendedProxySettings";
      description = "Whether the proxied server is told host, address and protocol of the client.";
    };
    recommendedUwsgiSettings = mkOption {
      type = types.bool;
      default = nginx.recommendedUwsgiSettings;
      defaultText = literalExpression "config.services.nginx.recommendedUwsgiSettings";
      description = "Whether the uWSGI server gets the usual parameters.";
    };
  };
}

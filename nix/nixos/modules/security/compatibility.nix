# Options of NixOS modules that a container has no use for, or that are not available here.
#
# Inert ones are accepted so that shared modules evaluate; those whose absence would matter fail with a sentence that
# says what to do instead.
{ config, lib, ... }:

let
  inherit (lib) mkEnableOption mkOption types;
  inert = what: mkOption {
    type = types.bool;
    default = false;
    description = "${what}. Accepted for compatibility, without effect in a container.";
  };
  acme = config.security.acme;
in
{
  options.security = {
    rtkit.enable = inert "Whether programs may ask for real-time scheduling";
    apparmor.enable = inert "Whether to use AppArmor";
    audit.enable = inert "Whether to use the audit subsystem";
    auditd.enable = inert "Whether to run the audit daemon";
    lockKernelModules = inert "Whether to forbid loading kernel modules";
    protectKernelImage = inert "Whether to forbid replacing the running kernel";
    tpm2.enable = inert "Whether to use the TPM";
    forcePageTableIsolation = inert "Whether to force page table isolation";
    allowUserNamespaces = mkOption {
      type = types.bool;
      default = true;
      description = "Whether users may make user namespaces. The host decides.";
    };
    unprivilegedUsernsClone = inert "Whether unprivileged users may make user namespaces";
    virtualisation.flushL1DataCache = mkOption {
      type = types.nullOr (types.enum [ "never" "cond" "always" ]);
      default = null;
      description = "Accepted for compatibility, without effect in a container.";
    };
    sudo-rs.enable = mkEnableOption "the Rust implementation of sudo (not available here)";

    acme = {
      acceptTerms = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the terms of the certificate authority are accepted.";
      };
      defaults = mkOption {
        type = types.attrsOf types.anything;
        default = { };
        description = "Settings of every certificate (not available here).";
      };
      certs = mkOption {
        type = types.attrsOf types.anything;
        default = { };
        description = "Certificates to get from an ACME server (not available here).";
      };
    };
  };

  config.assertions = [
    {
      assertion = acme.certs == { };
      message = ''
        security.acme.certs (${toString (builtins.attrNames acme.certs)}): getting certificates by ACME is not available in containers built
        from archive packages. Bind a directory of certificates into the container, or end encryption at a proxy in front.
      '';
    }
    {
      assertion = !config.security.sudo-rs.enable;
      message = "security.sudo-rs is not available here; use security.sudo.";
    }
  ];
}

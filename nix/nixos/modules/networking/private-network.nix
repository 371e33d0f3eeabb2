# The guard of every unit that changes packet filters: is this network our own?
#
# Not a module: a value for serviceConfig.ExecCondition. The container manager puts PRIVATE_NETWORK=1 into the
# environment of pid 1 when the container has its own network. Otherwise the network is the host's, or the
# manager's, and its rules are not ours to change; the unit is then skipped, which is not a failure. systemd's
# ConditionEnvironment= cannot tell: the system manager hides what pid 1 was started with.
{ pkgs }:

"${pkgs.staticBusybox}/bin/sh -c ${
  "'tr \"\\\\0\" \"\\\\n\" < /proc/1/environ | grep -qx PRIVATE_NETWORK=1'"
}"

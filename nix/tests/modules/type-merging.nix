# Merging types: what happens to the types of several declarations.
{ lib }:

let
  inherit (lib) mkOption types;
  inherit (types) attrsOf attrsWith either enum functionTo int lazyAttrsOf listOf mergeTypes nullOr separatedString str strMatching submodule uniq;
  inherit (import ./support/eval.nix { inherit lib; }) configOf declare valueOf;
  merges = a: b: (mergeTypes a b)._type == "option-type";
  sub = name: submodule { options.${name} = mkOption { default = name; }; };

  # [ a b ]: do these merge?
  yes = {
    "a type with itself" = [ int int ];
    "lists of the same" = [ (listOf int) (listOf int) ];
    "sets of the same" = [ (attrsOf int) (attrsOf int) ];
    "lazy sets" = [ (lazyAttrsOf int) (lazyAttrsOf int) ];
    "nullOr" = [ (nullOr int) (nullOr int) ];
    "either" = [ (either int str) (either int str) ];
    "uniq" = [ (uniq int) (uniq int) ];
    "functionTo" = [ (functionTo int) (functionTo int) ];
    "enums" = [ (enum [ 1 ]) (enum [ 2 ]) ];
    "the same separator" = [ (separatedString ",") types.commas ];
    "the same pattern" = [ (strMatching "a") (strMatching "a") ];
    "the same kind of path" = [ types.path types.path ];
    "submodules" = [ (submodule { }) (submodule { }) ];
    "one placeholder" = [ (attrsWith { elemType = int; placeholder = "id"; }) (attrsOf int) ];
    "JSON, though it contains itself" = [ types.json types.json ];
    "deferred modules" = [ types.deferredModule types.deferredModule ];
    "u8 with u8: by the underlying int" = [ types.ints.u8 types.ints.u8 ];
  };
  no = {
    "different types" = [ int str ];
    "lists of different types" = [ (listOf int) (listOf str) ];
    "a list and a set" = [ (listOf int) (attrsOf int) ];
    "a lazy and a strict set" = [ (lazyAttrsOf int) (attrsOf int) ];
    "nullOr and not" = [ (nullOr int) int ];
    "either of different types" = [ (either int str) (either str int) ];
    "different separators" = [ types.lines types.commas ];
    "different patterns" = [ (strMatching "a") (strMatching "b") ];
    "different kinds of path" = [ types.path types.pathInStore ];
    "two placeholders" = [ (attrsWith { elemType = int; placeholder = "a"; }) (attrsWith { elemType = int; placeholder = "b"; }) ];
    "JSON and TOML" = [ types.json types.toml ];
    "coercedTo with itself" = [ (types.coercedTo int toString str) (types.coercedTo int toString str) ];
    "attrListOf with itself" = [ (types.attrListOf int) (types.attrListOf int) ];
  };
  cases = verb: expected: lib.mapAttrs' (name: pair: {
    name = "${name} ${verb}";
    value = { expr = merges (builtins.head pair) (builtins.elemAt pair 1); inherit expected; };
  });
in
cases "merge" true yes
// cases "do not merge" false no
// {
  "mergeTypes says that it cannot" = { expr = mergeTypes int str; expected = { _type = "merge-error"; error = "Cannot merge types"; }; };
  "mergeTypes of something else" = { expr = mergeTypes int 1; error = "assertion"; };
  "merged enums accept both" = {
    expr = map (mergeTypes (enum [ "A" "B" ]) (enum [ "X" "Y" ])).check [ "A" "Y" "C" ];
    expected = [ true true false ];
  };
  "equal values of enums are not repeated" = { expr = (mergeTypes (enum [ 1 2 ]) (enum [ 2 3 ])).functor.payload.values; expected = [ 1 2 3 ]; };
  "enums of two declarations" = {
    expr = (configOf [ (declare "v" { type = enum [ "a" ]; }) (declare "v" { type = enum [ "b" ]; }) { v = "b"; } ]).v;
    expected = "b";
  };
  "submodules in lists" = {
    expr = builtins.attrNames (builtins.head (configOf [ (declare "v" { type = listOf (sub "a"); }) (declare "v" { type = listOf (sub "b"); }) { v = [ { } ]; } ]).v);
    expected = [ "a" "b" ];
  };
  "submodules in sets" = {
    expr = builtins.attrNames (configOf [ (declare "v" { type = attrsOf (sub "a"); }) (declare "v" { type = attrsOf (sub "b"); }) { v.x = { }; } ]).v.x;
    expected = [ "a" "b" ];
  };
  "submodules in nullOr" = {
    expr = builtins.attrNames (configOf [ (declare "v" { type = nullOr (sub "a"); }) (declare "v" { type = nullOr (sub "b"); }) { v = { }; } ]).v;
    expected = [ "a" "b" ];
  };
  "submodules in uniq" = {
    expr = builtins.attrNames (configOf [ (declare "v" { type = uniq (sub "a"); }) (declare "v" { type = uniq (sub "b"); }) { v = { }; } ]).v;
    expected = [ "a" "b" ];
  };
  "the placeholder that says something is kept" = {
    expr = ((mergeTypes (attrsOf (sub "a")) (attrsWith { elemType = sub "b"; placeholder = "id"; })).getSubOptions [ ]).a.loc;
    expected = [ "<id>" "a" ];
  };
  "an either made by merging still checks" = {
    expr = map (mergeTypes (either int (enum [ "a" ])) (either int (enum [ "b" ]))).check [ 1 "a" "b" "c" ];
    expected = [ true true true false ];
  };
  "a type of one's own merges by its functor" = {
    expr =
      let
        sized = n: types.mkOptionType {
          name = "sized";
          check = x: builtins.stringLength x <= n;
          functor = types.defaultFunctor "sized" // {
            type = sized;
            payload = n;
            binOp = a: b: if a > b then a else b;
          };
        };
      in
      (mergeTypes (sized 1) (sized 3)).check "abc";
    expected = true;
  };
  "functor payload" = { expr = (listOf int).functor.payload.elemType.name; expected = "int"; };
  "functor name" = { expr = map (t: t.functor.name) [ (attrsOf int) (lazyAttrsOf int) (listOf int) (submodule { }) types.path ]; expected = [ "attrsWith" "attrsWith" "listOf" "submodule" "path" ]; };
  "defaultTypeMerge refuses payload and wrapped together" = {
    expr =
      let
        f = { name = "x"; payload = 1; wrapped = int; binOp = a: b: a; type = _: int; };
      in
      (types.defaultTypeMerge f f).name;
    error = "Type x defines both `functor.payload` and `functor.wrapped` at the same time, which is not supported.";
  };
  "defaultTypeMerge by wrapped type" = {
    expr =
      let
        f = { name = "x"; payload = null; wrapped = int; binOp = a: b: a; type = listOf; };
      in
      (types.defaultTypeMerge f f).description;
    expected = "list of signed integer";
  };
}

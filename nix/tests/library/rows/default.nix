# Short forms for the tables in this folder: many checks of one function, a
# line each.
#
# Not for: cases that need words; those are written out as in ../../README.md.
let
  table =
    case: subject: rows:
    builtins.listToAttrs (
      map (name: {
        name = "${subject}: ${name}";
        value = case rows.${name};
      }) (builtins.attrNames rows)
    );
  at = builtins.elemAt;
in
{
  # name = [ expression expected ]
  equal = table (row: {
    expr = at row 0;
    expected = at row 1;
  });

  # name = expression; which throws, in a way that `tryEval` can catch
  throws = table (expr: {
    expr = (builtins.tryEval (builtins.deepSeq expr null)).success;
    expected = false;
  });

  # name = [ expression message ]
  fails = table (row: {
    expr = at row 0;
    error = at row 1;
  });

  # name = [ expression expected printed ]
  prints = table (row: {
    expr = at row 0;
    expected = at row 1;
    trace = at row 2;
  });

  # All the tables of a file.
  join = builtins.foldl' (a: b: a // b) { };
}

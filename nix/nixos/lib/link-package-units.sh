# Links the units of systemd.packages into $out; their *.wants directories are not followed: what starts is said by
# wantedBy. Environment: packages, type ("system" or "user"), out.

for package in $packages; do
  for file in "$package/etc/systemd/$type"/* "$package/lib/systemd/$type"/*; do
    name=${file##*/}
    case $name in
      '*' | *.wants | *.requires | *.upholds) ;;
      *)
        if [ -d "$file" ]; then
          mkdir -p "$out/$name"
          ln -sfn "$file"/* "$out/$name/"
        else
          ln -sfn "$file" "$out/$name"
        fi
        ;;
    esac
  done
done

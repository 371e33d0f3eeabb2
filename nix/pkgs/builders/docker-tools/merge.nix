# mergeImages: several images as one archive, in which each layer is once.
#
# Not for putting one image on top of another (`fromImage`).
{
  program,
  image,
  runCommand,
}:
images:
runCommand "merge-docker-images"
  {
    archiveTools = false;
    passAsFile = [ "settings" ];
    settings = builtins.toJSON { images = map (one: "${image.archiveOf one}") images; };
  }
  ''
    ${program} merge "$settingsPath" | ${program} gzip "$settingsPath" >$out
  ''

# Licences without an identifier in the SPDX list: attribute, name, page.
#
# The words are those of ./spdx.nix: `free`, `source` (may be passed on, but is not
# free) and `closed`.
let
  free = fullName: url: { inherit fullName url; };

  closed = fullName: url: {
    inherit fullName url;
    free = false;
  };

  source = fullName: url: closed fullName url // { redistributable = true; };

  short = shortName: license: license // { inherit shortName; };
in
{
  # Not licences but what is known about one.
  free.fullName = "Unspecified free software license";
  publicDomain.fullName = "Public Domain";
  unfree = {
    fullName = "Unfree";
    free = false;
  };
  unfreeRedistributable = {
    fullName = "Unfree redistributable";
    free = false;
    redistributable = true;
  };
  # Counted as free, so that hardware works without further ado.
  unfreeRedistributableFirmware = {
    fullName = "Unfree redistributable firmware";
    redistributable = true;
  };

  acsl14 = closed "Anti-Capitalist Software License v1.4" "https://anticapitalist.software/";
  activision = closed "Activision EULA" "https://www.doomworld.com/eternity/activision_eula.txt";
  amazonsl = closed "Amazon Software License" "https://aws.amazon.com/asl/";
  amd = closed "AMD License Agreement" "https://developer.amd.com/amd-license-agreement/";
  aom = free "Alliance for Open Media Patent License 1.0" "https://aomedia.org/license/patent-license/";
  bola11 = free "Buena Onda License Agreement 1.1" "https://blitiri.com.ar/p/bola/";
  bsdAxisNoDisclaimerUnmodified = free "BSD-Axis without Warranty Disclaimer with Unmodified requirement" "https://scancode-licensedb.aboutcode.org/bsd-no-disclaimer-unmodified.html";
  caossl = free "Computer Associates Open Source Licence Version 1.0" "http://jxplorer.org/licence.html";
  capec = free "Common Attack Pattern Enumeration and Classification" "https://capec.mitre.org/about/termsofuse.html";
  cockroachdb-community-license = closed "CockroachDB Community License Agreement" "https://www.cockroachlabs.com/cockroachdb-community-license/";
  commons-clause = closed "Commons Clause License" "https://commonsclause.com/";
  databricks = closed "Databricks License" "https://www.databricks.com/legal/db-license";
  databricks-dbx = closed "DataBricks eXtensions aka dbx License" "https://github.com/databrickslabs/dbx/blob/743b579a4ac44531f764c6e522dbe5a81a7dc0e4/LICENSE";
  databricks-license = closed "Databricks License" "https://www.databricks.com/legal/db-license";
  eapl = closed "EPSON AVASYS PUBLIC LICENSE" "https://avasys.jp/hp/menu000000700/hpg000000603.htm";
  epson = closed "Seiko Epson Corporation Software License Agreement for Linux" "https://download.ebz.epson.net/dsc/du/02/eula/global/LINUX_EN.html";
  fairsource09 = source "Fair Source License, version 0.9" "https://fair.io/v0.9.txt";
  ffsl = closed "Floodgap Free Software License" "https://www.floodgap.com/software/ffsl/license.html";
  g4sl = free "Geant4 Software License" "https://geant4.web.cern.ch/geant4/license/LICENSE.html";
  generaluser = free "GeneralUser GS License v2.0" "https://www.schristiancollins.com/generaluser.php";
  geogebra = closed "GeoGebra Non-Commercial License Agreement" "https://www.geogebra.org/license";
  gfl = free "GUST Font License" "https://www.gust.org.pl/projects/e-foundry/licenses/GUST-FONT-LICENSE.txt";
  gfsl = free "GUST Font Source License" "https://www.gust.org.pl/projects/e-foundry/licenses/GUST-FONT-SOURCE-LICENSE.txt";
  gpl2ClasspathPlus = free "GNU General Public License v2.0 or later (with Classpath exception)" "https://fedoraproject.org/wiki/Licensing/GPL_Classpath_Exception";
  gpl2Oss = free "GNU General Public License version 2 only (with OSI approved licenses linking exception)" "https://www.mysql.com/about/legal/licensing/foss-exception";
  gpl3ClasspathPlus = free "GNU General Public License v3.0 or later (with Classpath exception)" "https://fedoraproject.org/wiki/Licensing/GPL_Classpath_Exception";
  hl3 = source "Hippocratic License v3.0" "https://firstdonoharm.dev/version/3/0/core.txt";
  hpndDifferentDisclaimer = free "HPND with different disclaimer" "https://gitlab.freedesktop.org/xorg/proto/xorgproto/-/blob/1914233e662d23ffb3812b80fadd0bbd064ad91c/COPYING-x11proto#L69-88";
  hpndSellVariantSafetyClause = free "HPND - sell variant with safety critical systems clause" "https://gitlab.freedesktop.org/xorg/driver/xf86-video-voodoo/-/blob/68a5b6d98ae34749cca889f4373b4043d00bfe6a/src/voodoo_dga.c#L12-33";
  inria-compcert = closed "INRIA Non-Commercial License Agreement for the CompCert verified compiler" "https://compcert.org/doc/LICENSE.txt";
  inria-icesl = closed "End User License Agreement for IceSL Software" "https://icesl.loria.fr/assets/pdf/EULA_IceSL_binary.pdf";
  inria-zelus = closed "INRIA Non-Commercial License Agreement for the Zélus compiler" "https://github.com/INRIA/zelus/raw/829f2b97cba93b0543a9ca0272269e6b8fdad356/LICENSE";
  intel-eula = closed "Intel End User License Agreement for Developer Tools" "https://software.intel.com/sites/manageability/AMT_Implementation_and_Reference_Guide/WordDocuments/intelamtsdklicense.htm";
  issl = closed "Intel Simplified Software License" "https://software.intel.com/en-us/license/intel-simplified-software-license";
  lens = closed "Lens Terms of Service Agreement" "https://k8slens.dev/legal/tos";
  llgpl21 = free "Lisp LGPL; GNU Lesser General Public License version 2.1 with Franz Inc. preamble for clarification of LGPL terms in context of Lisp" "https://opensource.franz.com/preamble.html";
  nvidiaCuda = short "CUDA EULA" (closed "CUDA Toolkit End User License Agreement (EULA)" "https://docs.nvidia.com/cuda/eula/index.html#cuda-toolkit-supplement-license-agreement");
  nvidiaCudaRedist = short "CUDA EULA" (source "CUDA Toolkit End User License Agreement (EULA)" "https://docs.nvidia.com/cuda/eula/index.html#cuda-toolkit-supplement-license-agreement");
  obsidian = closed "Obsidian End User Agreement" "https://obsidian.md/eula";
  ocamlpro_nc = closed "OCamlPro Non Commercial license version 1" "https://alt-ergo.ocamlpro.com/http/alt-ergo-2.2.0/OCamlPro-Non-Commercial-License.pdf";
  paratype = free "ParaType Free Font Licensing Agreement" "https://web.archive.org/web/20161209023955/http://www.paratype.ru/public/pt_openlicense_eng.asp";
  postman = closed "Postman EULA" "https://www.getpostman.com/licenses/postman_base_app";
  prosperity30 = closed "Prosperity-3.0.0" "https://prosperitylicense.com/versions/3.0.0.html";
  purdueBsd = free " Purdue BSD-Style License" "https://enterprise.dejacode.com/licenses/public/purdue-bsd";
  qwt = free "Qwt License, Version 1.0" "https://qwt.sourceforge.io/qwtlicense.html";
  radiance = free "The Radiance Software License, Version 2.0" "https://github.com/LBNL-ETA/Radiance/blob/master/License.txt";
  sfl = source "Source First License 1.1" "https://gitlab.futo.org/videostreaming/grayjay/-/blob/master/LICENSE.md";
  sgmlug.fullName = "SGML UG SGML Parser Materials license";
  stk = free "Synthesis Tool Kit 4.3" "https://github.com/thestk/stk/blob/master/LICENSE";
  sudo = free "Sudo License (ISC-style)" "https://www.sudo.ws/about/license/";
  teamspeak = source "Teamspeak client license" "https://www.teamspeak.com/en/privacy-and-terms/";
  tekHvcLicense = free "TekHVC License" "https://gitlab.freedesktop.org/xorg/lib/libx11/-/blob/7f8305c779ac6948d7261764f5ffb8ae9aa975b1/COPYING#L138-171";
  tost = free "Tomorrow Open Source Technology License 1.0" "https://github.com/PixarAnimationStudios/OpenUSD/blob/release/LICENSE.txt";
  tsl = short "TSL" (closed "Timescale License Agreegment" "https://github.com/timescale/timescaledb/blob/main/tsl/LICENSE-TIMESCALE");
  ucd = free "Unicode Character Database License" "https://fedoraproject.org/wiki/Licensing:UCD";
  virtualbox-puel = closed "Oracle VM VirtualBox Extension Pack Personal Use and Evaluation License (PUEL)" "https://www.virtualbox.org/wiki/VirtualBox_PUEL";
  vol-sl = free "Volatility Software License, Version 1.0" "https://www.volatilityfoundation.org/license/vsl-v1.0";
  wadalab = free "Wadalab Font License" "https://fedoraproject.org/wiki/Licensing:Wadalab?rd=Licensing/Wadalab";
  x11BsdClause = free "X11 License with third BSD clause" "https://gitlab.freedesktop.org/xorg/driver/xf86-video-geode/-/blob/d147c3f1b6907ae9db6f12853cedd450537d99d2/COPYING";
}

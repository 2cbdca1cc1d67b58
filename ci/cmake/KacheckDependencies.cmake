# SPDX-License-Identifier: GPL-2.0-or-later
# The libraries, found by pkg-config: PkgConfig::MNL, ::NFTNL, ::PCAP, ::JANSSON,
# ::ARCHIVE, ::KMOD, ::CMOCKA.
# All that is missing is named at once, with the Debian package that has it.
find_package(PkgConfig QUIET)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "kacheck's build needs pkg-config (Debian package: pkg-config).\n"
    "  On Debian:  apt-get install pkg-config")
endif()

set(kacheck_missing "")
set(kacheck_missing_packages "")

macro(kacheck_need target module package)
  pkg_check_modules(${target} QUIET IMPORTED_TARGET ${module})
  if(NOT ${target}_FOUND)
    string(APPEND kacheck_missing "  ${module} (Debian package: ${package})\n")
    string(APPEND kacheck_missing_packages " ${package}")
  endif()
endmacro()

kacheck_need(MNL libmnl libmnl-dev)
kacheck_need(NFTNL libnftnl libnftnl-dev)
kacheck_need(PCAP libpcap libpcap-dev)
kacheck_need(JANSSON jansson libjansson-dev)
kacheck_need(ARCHIVE libarchive libarchive-dev)
kacheck_need(KMOD libkmod libkmod-dev)
if(BUILD_TESTING)
  kacheck_need(CMOCKA cmocka libcmocka-dev)
endif()

if(kacheck_missing)
  message(FATAL_ERROR "kacheck needs libraries that are not here:\n${kacheck_missing}"
    "  On Debian:  apt-get install${kacheck_missing_packages}")
endif()

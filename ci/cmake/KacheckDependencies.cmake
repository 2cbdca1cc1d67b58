# SPDX-License-Identifier: GPL-2.0-or-later
# The libraries, found by pkg-config: PkgConfig::MNL, ::NFTNL, ::PCAP, ::JANSSON, ::YAML, ::INIH,
# ::CMOCKA. Of libarchive and libkmod, which are loaded at run time: ARCHIVE_SONAME, ARCHIVE_PACKAGE, KMOD_...
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
    string(APPEND kacheck_missing "  ${module} (Debian package: ${package}${KACHECK_PACKAGES_ARE_OF})\n")
    string(APPEND kacheck_missing_packages " ${package}${KACHECK_PACKAGES_ARE_OF}")
  endif()
endmacro()

# argp is part of glibc; where it is not, there is argp-standalone.
include(CheckFunctionExists)
check_function_exists(argp_parse KACHECK_HAS_ARGP)
set(ARGP_LIBRARY "")
if(NOT KACHECK_HAS_ARGP)
  find_library(ARGP_STANDALONE argp)
  if(ARGP_STANDALONE)
    set(ARGP_LIBRARY ${ARGP_STANDALONE})
  else()
    string(APPEND kacheck_missing "  argp (Alpine package: argp-standalone; glibc has it)\n")
  endif()
endif()

kacheck_need(MNL libmnl libmnl-dev)
kacheck_need(NFTNL libnftnl libnftnl-dev)
kacheck_need(PCAP libpcap libpcap-dev)
kacheck_need(JANSSON jansson libjansson-dev)
kacheck_need(YAML yaml-0.1 libyaml-dev)
kacheck_need(INIH inih libinih-dev)
kacheck_need(ARCHIVE libarchive libarchive-dev)
kacheck_need(KMOD libkmod libkmod-dev)
if(BUILD_TESTING)
  kacheck_need(CMOCKA cmocka libcmocka-dev)
endif()

if(kacheck_missing)
  message(FATAL_ERROR "kacheck needs libraries that are not here:\n${kacheck_missing}"
    "  On Debian:  apt-get install${kacheck_missing_packages}")
endif()

# The name that a program would be linked with, and the Debian package that has it: Debian's policy
# (8.1) derives the one from the other, libarchive.so.13 from libarchive13.
function(kacheck_soname target)
  list(GET ${target}_LINK_LIBRARIES 0 file)
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${file} OUTPUT_VARIABLE headers ERROR_QUIET)
  if(NOT headers MATCHES "SONAME +([^ \n]+)")
    message(FATAL_ERROR "kacheck's build finds no SONAME in ${file}: ${CMAKE_OBJDUMP} -p tells "
      "none (Debian package: binutils)")
  endif()
  set(soname ${CMAKE_MATCH_1})
  string(REPLACE ".so." "" package ${soname})
  set(${target}_SONAME ${soname} PARENT_SCOPE)
  set(${target}_PACKAGE ${package} PARENT_SCOPE)
endfunction()

kacheck_soname(ARCHIVE)
kacheck_soname(KMOD)
